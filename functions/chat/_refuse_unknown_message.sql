-- _refuse_unknown_message(chat_id, agent): the one error for a message that is not in an inbox, whoever else has it
-- Raises undefined_object.
CREATE OR REPLACE FUNCTION agentry_chat._refuse_unknown_message(p_chat_id bigint, p_agent text)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_unknown_message$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'undefined_object',
        MESSAGE = format('message %s is not in the inbox of %s', coalesce(p_chat_id::text, 'NULL'), p_agent),
        HINT    = 'agentry_chat.claim_agent_messages() gives the messages of an inbox.';
END;
$_refuse_unknown_message$;

COMMENT ON FUNCTION agentry_chat._refuse_unknown_message(bigint, text) IS
    'Raises the error for a message that is not in an inbox.';
