-- _open_partitions(table) -> partitions that _close_partition() has not seen yet, or not with the policy of today
CREATE OR REPLACE FUNCTION agentry._open_partitions(p_table oid)
RETURNS SETOF regclass
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_open_partitions$
    SELECT c.oid::regclass
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid
    LEFT JOIN agentry.partition_policies AS p ON p.table_name = i.inhparent
    WHERE i.inhparent = p_table
      AND (NOT c.relrowsecurity
           OR NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'agentry_00_partition')
           OR NOT ARRAY(SELECT lower(replace(s, ' ', '')) FROM unnest(p.storage) AS s WHERE s NOT LIKE 'toast.%')
                  <@ coalesce(c.reloptions, '{}'))
$_open_partitions$;

COMMENT ON FUNCTION agentry._open_partitions(oid) IS
    'Partitions of a table that are not closed yet, or have other storage parameters than their policy.';
