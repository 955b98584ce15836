-- _send(organisation, sender, message, ...) -> chat_id: send_agent_message() for a sender that is known
CREATE OR REPLACE FUNCTION agentry_chat._send(
    p_org_id          uuid,
    p_sender          text,
    p_message         text,
    p_recipients      text[],
    p_reply_to        bigint,
    p_expires_in      interval,
    p_priority        integer,
    p_idempotency_key text
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_send$
DECLARE
    v_to     record;
    v_thread bigint;
    v_shape  bigint;
    v_id     bigint;
    v_sent   bigint;
    v_first  record;
BEGIN
    IF coalesce(p_message !~ '[^[:space:]]', true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'message must not be blank',
            DETAIL  = format('got: %L', p_message),
            HINT    = 'Pass the text to send.';
    END IF;
    IF coalesce(p_priority NOT BETWEEN 1 AND 10, true) OR p_expires_in <= interval '0'
       OR length(p_idempotency_key) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'priority, expires_in or idempotency_key is out of range',
            DETAIL  = format('priority: %s, expires_in: %s, idempotency_key: %L',
                             p_priority, p_expires_in, p_idempotency_key),
            HINT    = 'Priority is 1 to 10, expires_in above 0, an idempotency key 1 to 255 characters.';
    END IF;
    v_to := agentry_chat._expand_recipients(p_org_id, p_sender, p_recipients);

    IF p_reply_to IS NOT NULL THEN
        SELECT m.thread
        INTO v_thread
        FROM agentry_chat.agent_chat AS m
        WHERE m.org_id = p_org_id
          AND m.id = p_reply_to
          AND (m.sender = p_sender
               OR EXISTS (SELECT
                          FROM agentry_chat.agent_chat_processed AS p
                          WHERE p.org_id = p_org_id AND p.chat_id = p_reply_to AND p.agent = p_sender));
        IF v_thread IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_object',
                MESSAGE = format('message %s does not exist', p_reply_to),
                DETAIL  = format('%s neither sent nor received such a message.', p_sender),
                HINT    = 'Answer a message that the sender sent or received.';
        END IF;
        v_shape := agentry_chat._check_breaker(p_org_id, p_sender, p_message, v_to.addresses, v_thread,
                                               p_idempotency_key);
    END IF;

    v_id := nextval('agentry_chat.agent_chat_id_seq');
    -- one statement: where constraints are immediate, the notification looks for the deliveries at its end
    WITH sent AS (
        INSERT INTO agentry_chat.agent_chat (
            org_id, id, sender, message, recipients, reply_to, thread, priority, expires_at, idempotency_key,
            position, shape, readers)
        OVERRIDING SYSTEM VALUE
        VALUES (p_org_id, v_id, p_sender, p_message, v_to.addresses, p_reply_to, coalesce(v_thread, v_id), p_priority,
                now() + p_expires_in, p_idempotency_key, agentry_chat._feed_position(p_org_id), v_shape,
                p_sender || array_remove(v_to.agents, p_sender))
        ON CONFLICT (org_id, sender, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
        RETURNING id, expires_at
    ), delivered AS (
        INSERT INTO agentry_chat.agent_chat_processed (
            org_id, chat_id, agent, sender, priority, available_at, expires_at)
        SELECT p_org_id, m.id, t.agent, p_sender, p_priority, now(), m.expires_at
        FROM sent AS m
        CROSS JOIN unnest(v_to.agents) AS t (agent)
    )
    SELECT m.id INTO v_sent FROM sent AS m;
    IF v_sent IS NULL THEN
        SELECT m.id,
               (m.message, m.recipients, m.priority) = (p_message, v_to.addresses, p_priority)
               AND m.reply_to IS NOT DISTINCT FROM p_reply_to
               AND m.expires_at - m."timestamp" IS NOT DISTINCT FROM (now() + p_expires_in) - now() AS same
        INTO v_first
        FROM agentry_chat.agent_chat AS m
        WHERE m.org_id = p_org_id AND m.sender = p_sender AND m.idempotency_key = p_idempotency_key;
        IF v_first.same THEN
            RETURN v_first.id;
        END IF;
        RAISE EXCEPTION USING
            ERRCODE = CASE WHEN v_first.id IS NULL THEN 'serialization_failure' ELSE 'unique_violation' END,
            MESSAGE = format('idempotency key %L was used for another message', p_idempotency_key),
            DETAIL  = format('Message %s of %s has it, with other content.', v_first.id, p_sender),
            HINT    = 'Use a new key for a new message; retry a serialisation failure.';
    END IF;
    RETURN v_id;
END;
$_send$;

COMMENT ON FUNCTION agentry_chat._send(uuid, text, text, text[], bigint, interval, integer, text) IS
    'Sends a message for a sender that is known.';
