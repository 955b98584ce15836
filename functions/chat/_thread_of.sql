-- _thread_of(organisation, sender, reply_to) -> thread: of a message that the sender may answer
-- Raises undefined_object.
CREATE OR REPLACE FUNCTION agentry_chat._thread_of(p_org_id uuid, p_sender text, p_reply_to bigint)
RETURNS bigint
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_thread_of$
DECLARE
    v_thread bigint;
BEGIN
    SELECT m.thread
    INTO v_thread
    FROM agentry_chat.agent_chat AS m
    WHERE m.org_id = p_org_id AND m.id = p_reply_to AND p_sender = ANY (m.readers);
    IF v_thread IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('message %s does not exist', p_reply_to),
            DETAIL  = format('%s neither sent nor received such a message.', p_sender),
            HINT    = 'Answer a message that the sender sent or received.';
    END IF;
    RETURN v_thread;
END;
$_thread_of$;

COMMENT ON FUNCTION agentry_chat._thread_of(uuid, text, bigint) IS
    'The thread of a message that the sender may answer.';
