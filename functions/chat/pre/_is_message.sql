-- _is_message(message, recipients, id, reply_to, thread, priority, expires_at, sent_at, key) -> boolean: the CHECK of
-- messages.  One function: see _is_delivery().
CREATE OR REPLACE FUNCTION agentry_chat._is_message(
    p_message         text,
    p_recipients      text[],
    p_id              bigint,
    p_reply_to        bigint,
    p_thread          bigint,
    p_priority        smallint,
    p_expires_at      timestamptz,
    p_sent_at         timestamptz,
    p_idempotency_key text
)
RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_is_message$
BEGIN
    IF p_reply_to IS NOT NULL OR p_expires_at IS NOT NULL OR p_idempotency_key IS NOT NULL THEN
        IF p_reply_to >= p_id OR p_thread > p_reply_to
           OR p_expires_at <= p_sent_at
           OR length(p_idempotency_key) NOT BETWEEN 1 AND 255 THEN
            RETURN false;
        END IF;
    END IF;
    RETURN p_message ~ '[^[:space:]]'
           AND cardinality(p_recipients) > 0
           AND array_position(p_recipients, NULL) IS NULL
           AND p_thread <= p_id
           AND p_priority BETWEEN 1 AND 10;
END;
$_is_message$;

COMMENT ON FUNCTION agentry_chat._is_message(
    text, text[], bigint, bigint, bigint, smallint, timestamptz, timestamptz, text) IS
    'Whether the columns of a message fit together: a text that is not blank; one recipient or more; an answer after '
    'what it answers, in a thread that began before; priority 1 to 10; it expires after it was sent; a key of 1 to 255 '
    'characters.';
