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
IMMUTABLE
AS $_read_messages$
    SELECT m.n,
           m.value OPERATOR(pg_catalog.->>) 'sender',
           m.value OPERATOR(pg_catalog.->>) 'message',
           CASE
               WHEN pg_catalog.jsonb_typeof(m.value OPERATOR(pg_catalog.->) 'recipients') OPERATOR(pg_catalog.=) 'array'
               THEN ARRAY(SELECT pg_catalog.jsonb_array_elements_text(m.value OPERATOR(pg_catalog.->) 'recipients'))
           END,
           (m.value OPERATOR(pg_catalog.->>) 'reply_to')::pg_catalog.int8,
           (m.value OPERATOR(pg_catalog.->>) 'expires_in')::pg_catalog.interval,
           coalesce((m.value OPERATOR(pg_catalog.->>) 'priority')::pg_catalog.int4, 5),
           m.value OPERATOR(pg_catalog.->>) 'idempotency_key'
    FROM pg_catalog.jsonb_array_elements(p_messages) WITH ORDINALITY AS m (value, n)
$_read_messages$;

COMMENT ON FUNCTION agentry_chat._read_messages(jsonb) IS 'A batch of messages as rows, n from 1.';
