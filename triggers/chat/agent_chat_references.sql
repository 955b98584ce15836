-- Messages and deliveries refer to agents and to each other.  These are foreign keys in all but name: the check of each
-- row took longer than its insert.  Only the owner can write here.  Our functions have looked for the agents and locked
-- them as a key would, and say so (by_hand); what the owner writes by hand is checked row by row.  agents_in_chat and
-- agent_chat_delivered keep the other sides.
CREATE OR REPLACE FUNCTION agentry_chat._agent_chat_references()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_agent_chat_references$
BEGIN
    IF NOT EXISTS (SELECT FROM agentry.agents AS a WHERE a.org_id = NEW.org_id AND a.name = NEW.sender) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = format('sender %L is no agent of this organisation', NEW.sender),
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
    FOR EACH ROW WHEN (NEW.by_hand) EXECUTE FUNCTION agentry_chat._agent_chat_references();
