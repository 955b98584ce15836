-- _refuse_message(message, priority, expires_in, idempotency_key): the error for a message that cannot be sent so
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_chat._refuse_message(
    p_message         text,
    p_priority        integer,
    p_expires_in      interval,
    p_idempotency_key text
)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_message$
BEGIN
    IF coalesce(p_message !~ '[^[:space:]]', true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'message must not be blank',
            DETAIL  = format('got: %L', p_message),
            HINT    = 'Pass the text to send.';
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'invalid_parameter_value',
        MESSAGE = 'priority, expires_in or idempotency_key is out of range',
        DETAIL  = format('priority: %s, expires_in: %s, idempotency_key: %L',
                         p_priority, p_expires_in, p_idempotency_key),
        HINT    = 'Priority is 1 to 10, expires_in above 0, an idempotency key 1 to 255 characters.';
END;
$_refuse_message$;

COMMENT ON FUNCTION agentry_chat._refuse_message(text, integer, interval, text) IS
    'Raises the error for a message that cannot be sent so.';
