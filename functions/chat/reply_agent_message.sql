-- reply_agent_message(chat_id, message [, agent, token, expires_in, priority, idempotency_key]) -> chat_id
-- Answers the sender of a message and settles the message as responded, in one transaction.  A message that nobody has
-- claimed is taken at once.
-- Raises what send_agent_message() and mark_agent_message() raise.
CREATE OR REPLACE FUNCTION agentry_chat.reply_agent_message(
    p_chat_id         bigint,
    p_message         text,
    p_agent           text     DEFAULT NULL,
    p_token           integer  DEFAULT NULL,
    p_expires_in      interval DEFAULT NULL,
    p_priority        integer  DEFAULT 5,
    p_idempotency_key text     DEFAULT NULL
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $reply_agent_message$
DECLARE
    v_actor record;
    v_row   record;
    v_id    bigint;
BEGIN
    v_actor := agentry._actor(p_agent);
    SELECT p.sender, p.status
    INTO v_row
    FROM agentry_chat.agent_chat_processed AS p
    WHERE p.org_id = v_actor.org_id AND p.chat_id = p_chat_id AND p.agent = v_actor.agent
    FOR UPDATE;
    IF v_row.sender IS NULL THEN
        PERFORM agentry_chat._refuse_unknown_message(p_chat_id, v_actor.agent);
    END IF;
    v_id := agentry_chat._send(v_actor.org_id, v_actor.agent, p_message, ARRAY[v_row.sender], p_chat_id, p_expires_in,
                               p_priority, p_idempotency_key);
    IF v_row.status = 'pending' AND p_token IS NULL THEN
        UPDATE agentry_chat.agent_chat_processed AS p
        SET status = 'responded', attempts = p.attempts + 1, received_at = agentry._clock(),
            responded_at = agentry._clock(), settled_at = agentry._clock()
        WHERE p.org_id = v_actor.org_id AND p.chat_id = p_chat_id AND p.agent = v_actor.agent;
    ELSE
        PERFORM agentry_chat._mark(v_actor.org_id, v_actor.agent, p_chat_id, 'responded', p_token, NULL);
    END IF;
    RETURN v_id;
END;
$reply_agent_message$;

COMMENT ON FUNCTION agentry_chat.reply_agent_message(bigint, text, text, integer, interval, integer, text) IS
    'Answers the sender of a message and marks the message responded, in one transaction; returns the id of the '
    'answer.  Agent: the recipient that answers [itself]; token: of its claim, needed when the message was claimed '
    'more than once.  Raises what send_agent_message() and mark_agent_message() raise.';
