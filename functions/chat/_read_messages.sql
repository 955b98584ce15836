-- _read_messages(messages) -> n, sender, message, recipients, ...: a batch as rows, in its order
CREATE OR REPLACE FUNCTION agentry_chat._read_messages(p_messages jsonb)
RETURNS TABLE (
    n               bigint,
    sender          text,
    message         text,
    recipients      text[],
    reply_to        bigint,
    expires_in      interval,
    priority        integer,
    idempotency_key text
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_read_messages$
    SELECT m.n,
           m.value ->> 'sender',
           m.value ->> 'message',
           CASE
               WHEN jsonb_typeof(m.value -> 'recipients') = 'array'
               THEN ARRAY(SELECT jsonb_array_elements_text(m.value -> 'recipients'))
           END,
           (m.value ->> 'reply_to')::bigint,
           (m.value ->> 'expires_in')::interval,
           coalesce((m.value ->> 'priority')::integer, 5),
           m.value ->> 'idempotency_key'
    FROM jsonb_array_elements(p_messages) WITH ORDINALITY AS m (value, n)
$_read_messages$;

COMMENT ON FUNCTION agentry_chat._read_messages(jsonb) IS 'A batch of messages as rows, n from 1.';
