-- A delivery belongs to a message and to an agent; see agent_chat_references.
CREATE OR REPLACE FUNCTION agentry_chat._agent_chat_processed_references()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_agent_chat_processed_references$
BEGIN
    IF NOT EXISTS (SELECT FROM agentry.agents AS a WHERE a.org_id = NEW.org_id AND a.name = NEW.agent)
       OR NOT EXISTS (SELECT FROM agentry_chat.agent_chat AS m WHERE m.org_id = NEW.org_id AND m.id = NEW.chat_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = format('delivery of message %s to %L: one of them does not exist', NEW.chat_id, NEW.agent),
            DETAIL  = 'agentry_chat.agent_chat_processed refers to agentry_chat.agent_chat (org_id, id) and '
                      'agentry.agents (org_id, name).',
            HINT    = 'Deliveries are made by agentry_chat.send_agent_message().',
            CONSTRAINT = 'agent_chat_processed_chat_id_fkey';
    END IF;
    IF NEW.settled_at IS NULL THEN
        PERFORM agentry_chat._reset_bound(NEW.org_id, NEW.agent);
    END IF;
    RETURN NULL;
END;
$_agent_chat_processed_references$;

COMMENT ON FUNCTION agentry_chat._agent_chat_processed_references() IS
    'Refuses deliveries of messages or to agents that do not exist.';

-- install
CREATE OR REPLACE TRIGGER agent_chat_processed_references
    AFTER INSERT ON agentry_chat.agent_chat_processed
    FOR EACH ROW WHEN (NEW.by_hand) EXECUTE FUNCTION agentry_chat._agent_chat_processed_references();
