-- A delivery belongs to a message and to an agent; see agent_chat_references.
CREATE OR REPLACE FUNCTION agentry_chat._agent_chat_processed_references()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_agent_chat_processed_references$
DECLARE
    v_row record;
BEGIN
    SELECT n.chat_id, n.agent
    INTO v_row
    FROM new_rows AS n
    WHERE NOT EXISTS (SELECT FROM agentry.agents AS a WHERE a.org_id = n.org_id AND a.name = n.agent)
       OR NOT EXISTS (SELECT FROM agentry_chat.agent_chat AS m WHERE m.org_id = n.org_id AND m.id = n.chat_id)
    LIMIT 1;
    IF v_row.chat_id IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = format('delivery of message %s to %L: one of them does not exist', v_row.chat_id, v_row.agent),
            DETAIL  = 'agentry_chat.agent_chat_processed refers to agentry_chat.agent_chat (org_id, id) and '
                      'agentry.agents (org_id, name).',
            HINT    = 'Deliveries are made by agentry_chat.send_agent_message().',
            CONSTRAINT = 'agent_chat_processed_chat_id_fkey';
    END IF;
    RETURN NULL;
END;
$_agent_chat_processed_references$;

COMMENT ON FUNCTION agentry_chat._agent_chat_processed_references() IS
    'Refuses deliveries of messages or to agents that do not exist.';

-- install
CREATE OR REPLACE TRIGGER agent_chat_processed_references
    AFTER INSERT ON agentry_chat.agent_chat_processed
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT WHEN (current_setting('search_path') <> 'pg_catalog, pg_temp')
    EXECUTE FUNCTION agentry_chat._agent_chat_processed_references();
