-- No open delivery is below the bound of its inbox: one that is opened again sets it back; see _advance_bound().
CREATE OR REPLACE FUNCTION agentry_chat._agent_chat_processed_reopened()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_agent_chat_processed_reopened$
BEGIN
    PERFORM agentry_chat._reset_bound(NEW.org_id, NEW.agent);
    RETURN NULL;
END;
$_agent_chat_processed_reopened$;

COMMENT ON FUNCTION agentry_chat._agent_chat_processed_reopened() IS
    'Sets the bound of an inbox back where a delivery of it is opened again.';

-- install
CREATE OR REPLACE TRIGGER agent_chat_processed_reopened
    AFTER UPDATE OF settled_at ON agentry_chat.agent_chat_processed
    FOR EACH ROW WHEN (NEW.settled_at IS NULL AND OLD.settled_at IS NOT NULL)
    EXECUTE FUNCTION agentry_chat._agent_chat_processed_reopened();
