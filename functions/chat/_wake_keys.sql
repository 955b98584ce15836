-- _wake_keys(organisation, agents) -> buckets: of inboxes, ascending; 64 buckets bound the locks of a broadcast
CREATE OR REPLACE FUNCTION agentry_chat._wake_keys(p_org_id uuid, p_agents text[])
RETURNS integer[]
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $_wake_keys$
BEGIN
    RETURN ARRAY(
        SELECT DISTINCT agentry_chat._wake_key(p_org_id, a.name) AS bucket
        FROM unnest(p_agents) AS a (name)
        ORDER BY bucket);
END;
$_wake_keys$;

COMMENT ON FUNCTION agentry_chat._wake_keys(uuid, text[]) IS 'Advisory lock buckets of inboxes, ascending, 0 to 63.';
