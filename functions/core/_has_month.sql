-- _has_month(table, month) -> boolean: whether a partition covers any of that month (UTC), the default one aside
CREATE OR REPLACE FUNCTION agentry._has_month(p_table oid, p_month timestamptz)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $_has_month$
    SELECT EXISTS (SELECT
                   FROM agentry._partitions(p_table) AS p
                   WHERE p.from_time < p_month + interval '1 month' AND p.to_time > p_month)
$_has_month$;

COMMENT ON FUNCTION agentry._has_month(oid, timestamptz) IS 'Whether a partition covers any of a month.';
