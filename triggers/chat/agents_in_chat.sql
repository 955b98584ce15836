-- An agent that wrote or got a message keeps its row (its name never changes); see agent_chat_references.  forget()
-- takes what it wrote and got along.  Under REPEATABLE READ this could not see a message that was sent meanwhile.
CREATE OR REPLACE FUNCTION agentry_chat._agents_in_chat()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_agents_in_chat$
BEGIN
    IF current_setting('transaction_isolation') = 'repeatable read' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'agents are not deleted under REPEATABLE READ',
            HINT    = 'Use READ COMMITTED or SERIALIZABLE.';
    END IF;
    IF EXISTS (SELECT
               FROM agentry_chat.agent_chat_processed AS p
               WHERE p.org_id = OLD.org_id AND p.agent = OLD.name)
       OR EXISTS (SELECT
                  FROM agentry_chat.agent_chat AS m
                  WHERE m.org_id = OLD.org_id AND m.sender = OLD.name) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = format('agent %s has sent or received messages', OLD.name),
            DETAIL  = 'agentry_chat.agent_chat or agentry_chat.agent_chat_processed refers to it by name.',
            HINT    = 'Archive it, or have it forgotten with its messages: agentry.forget().',
            CONSTRAINT = 'agent_chat_sender_fkey';
    END IF;
    RETURN NULL;
END;
$_agents_in_chat$;

COMMENT ON FUNCTION agentry_chat._agents_in_chat() IS
    'Refuses to delete agents that sent or received messages.';

-- install
CREATE OR REPLACE TRIGGER agents_in_chat
    AFTER DELETE ON agentry.agents
    FOR EACH ROW EXECUTE FUNCTION agentry_chat._agents_in_chat();
