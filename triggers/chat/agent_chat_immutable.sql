-- What was said never changes, for anyone; erasures and retention that are on record pass, and never by TRUNCATE.
CREATE OR REPLACE FUNCTION agentry_chat._agent_chat_immutable()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_agent_chat_immutable$
BEGIN
    IF agentry._is_erasing() THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        MESSAGE = 'messages never change',
        DETAIL  = format('%s on %s.%s', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME),
        HINT    = 'Send another message; it may name this one in reply_to.';
END;
$_agent_chat_immutable$;

COMMENT ON FUNCTION agentry_chat._agent_chat_immutable() IS
    'Refuses UPDATE, DELETE and TRUNCATE of messages; erasures and retention that are on record pass.';

-- install
CREATE OR REPLACE TRIGGER agent_chat_immutable
    BEFORE UPDATE OR DELETE OR TRUNCATE ON agentry_chat.agent_chat
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_chat._agent_chat_immutable();
