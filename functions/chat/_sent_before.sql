-- _sent_before(organisation, sender, message, ...) -> chat_id: the message that has this idempotency key already
-- Raises unique_violation where it has other content; serialization_failure where this transaction cannot see it.
CREATE OR REPLACE FUNCTION agentry_chat._sent_before(
    p_org_id          uuid,
    p_sender          text,
    p_message         text,
    p_addresses       text[],
    p_reply_to        bigint,
    p_expires_in      interval,
    p_priority        integer,
    p_idempotency_key text
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_sent_before$
DECLARE
    v_first record;
BEGIN
    SELECT m.id,
           (m.message, m.recipients, m.priority) = (p_message, p_addresses, p_priority)
           AND m.reply_to IS NOT DISTINCT FROM p_reply_to
           AND m.expires_at - m."timestamp" IS NOT DISTINCT FROM (now() + p_expires_in) - now() AS same
    INTO v_first
    FROM agentry_chat.agent_chat AS m
    WHERE m.org_id = p_org_id AND m.sender = p_sender AND m.idempotency_key = p_idempotency_key;
    IF v_first.same IS NOT TRUE THEN
        PERFORM agentry._refuse_used_key(
            p_idempotency_key, 'message', v_first.id::text,
            format('Message %s of %s has it, with other content.', v_first.id, p_sender));
    END IF;
    RETURN v_first.id;
END;
$_sent_before$;

COMMENT ON FUNCTION agentry_chat._sent_before(uuid, text, text, text[], bigint, interval, integer, text) IS
    'The message that has this idempotency key already; refuses another one.';
