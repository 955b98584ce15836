-- _partitions(table) -> partition, from_time, to_time: the partitions of a table that is partitioned by time
-- The default partition has no times; MINVALUE and MAXVALUE show as infinite ones.
CREATE OR REPLACE FUNCTION agentry._partitions(p_table oid)
RETURNS TABLE (partition regclass, from_time timestamptz, to_time timestamptz)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
AS $_partitions$
    SELECT c.oid::regclass,
           CASE b[1] WHEN 'MINVALUE' THEN '-infinity' ELSE btrim(b[1], '''')::timestamptz END,
           CASE b[2] WHEN 'MAXVALUE' THEN 'infinity' ELSE btrim(b[2], '''')::timestamptz END
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid
    CROSS JOIN regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \((.*)\) TO \((.*)\)') AS b
    WHERE i.inhparent = p_table
$_partitions$;

COMMENT ON FUNCTION agentry._partitions(oid) IS
    'The partitions of a table that is partitioned by time; the default one has no times.';
