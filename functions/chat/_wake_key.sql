-- _wake_key(organisation, agent) -> integer: the bucket in which an inbox meets others in the lock table, 0 to 63
CREATE OR REPLACE FUNCTION agentry_chat._wake_key(p_org_id uuid, p_agent text)
RETURNS integer
LANGUAGE sql
IMMUTABLE
AS $_wake_key$
    SELECT pg_catalog.hashtext(p_org_id::pg_catalog.text OPERATOR(pg_catalog.||) p_agent) OPERATOR(pg_catalog.&) 63
$_wake_key$;

COMMENT ON FUNCTION agentry_chat._wake_key(uuid, text) IS 'Advisory lock bucket of an inbox, 0 to 63.';
