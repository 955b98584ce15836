-- _wake_key(organisation, agent) -> integer: the bucket in which an inbox meets others in the lock table, 0 to 63
CREATE OR REPLACE FUNCTION agentry_chat._wake_key(p_org_id uuid, p_agent text)
RETURNS integer
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $_wake_key$
BEGIN
    RETURN hashtext(p_org_id::text || p_agent) & 63;
END;
$_wake_key$;

COMMENT ON FUNCTION agentry_chat._wake_key(uuid, text) IS 'Advisory lock bucket of an inbox, 0 to 63.';
