-- _due_partitions([table]) -> partitions that the policy of their table no longer keeps, the oldest first
CREATE OR REPLACE FUNCTION agentry._due_partitions(p_table oid DEFAULT NULL)
RETURNS SETOF regclass
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $_due_partitions$
    SELECT m.partition
    FROM agentry.partition_policies AS p
    CROSS JOIN LATERAL agentry._partitions(p.table_name) AS m
    WHERE (p_table IS NULL OR p.table_name = p_table)
      AND p.retire_to <> 'keep'
      AND isfinite(m.from_time)
      AND m.to_time <= date_trunc('month', agentry._clock()) - make_interval(months => p.keep_months)
    ORDER BY p.table_name::text COLLATE "C", m.from_time
$_due_partitions$;

COMMENT ON FUNCTION agentry._due_partitions(oid) IS 'Partitions that the policy of their table no longer keeps.';
