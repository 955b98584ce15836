-- Messages and deliveries refer to agents and to each other.  These are foreign keys in all but name: the check of each
-- row took longer than its insert.  Only the owner can write here.  Our functions, known by the path that they pin,
-- have looked for the agents and locked them as a key would; what the owner writes by hand is checked statement by
-- statement.  agents_in_chat and agent_chat_delivered keep the other sides.
CREATE OR REPLACE FUNCTION agentry_chat._agent_chat_references()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_agent_chat_references$
DECLARE
    v_sender text;
BEGIN
    SELECT n.sender
    INTO v_sender
    FROM new_rows AS n
    WHERE NOT EXISTS (SELECT FROM agentry.agents AS a WHERE a.org_id = n.org_id AND a.name = n.sender)
    LIMIT 1;
    IF v_sender IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = format('sender %L is no agent of this organisation', v_sender),
            DETAIL  = 'agentry_chat.agent_chat (org_id, sender) refers to agentry.agents (org_id, name).',
            HINT    = 'Register it first: agentry.register_agent().',
            CONSTRAINT = 'agent_chat_sender_fkey';
    END IF;
    RETURN NULL;
END;
$_agent_chat_references$;

COMMENT ON FUNCTION agentry_chat._agent_chat_references() IS 'Refuses messages of a sender that is no agent.';

-- install
CREATE OR REPLACE TRIGGER agent_chat_references
    AFTER INSERT ON agentry_chat.agent_chat
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT WHEN (current_setting('search_path') <> 'pg_catalog, pg_temp')
    EXECUTE FUNCTION agentry_chat._agent_chat_references();
