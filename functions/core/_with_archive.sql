-- _with_archive(table) -> tables: the table and its partitions that retirement moved to the archive or detached
CREATE OR REPLACE FUNCTION agentry._with_archive(p_table regclass)
RETURNS SETOF regclass
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_with_archive$
    SELECT p_table
    UNION ALL
    SELECT c.oid::regclass
    FROM pg_trigger AS t
    JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE t.tgname = 'agentry_00_partition'
      AND NOT c.relispartition
      AND t.tgargs = convert_to(p_table::text, 'UTF8') || '\x00'
$_with_archive$;

COMMENT ON FUNCTION agentry._with_archive(regclass) IS
    'A table and those of its partitions that are no longer part of it.';
