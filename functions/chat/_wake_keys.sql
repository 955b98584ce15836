-- _wake_keys(organisation, agents) -> bucket
-- Where inboxes meet in the lock table; 64 buckets bound the locks of a broadcast.
CREATE OR REPLACE FUNCTION agentry_chat._wake_keys(p_org_id uuid, p_agents text[])
RETURNS SETOF integer
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $_wake_keys$
    SELECT DISTINCT hashtext(p_org_id::text || a.name) & 63 AS bucket FROM unnest(p_agents) AS a (name) ORDER BY bucket
$_wake_keys$;

COMMENT ON FUNCTION agentry_chat._wake_keys(uuid, text[]) IS 'Advisory lock buckets of inboxes, ascending, 0 to 63.';
