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
    FROM pg_class AS t
    JOIN pg_class AS c ON starts_with(c.relname, left(t.relname, 55) || '_')
                          AND substr(c.relname, length(left(t.relname, 55)) + 1) ~ '^_\d{4,}_\d\d$'
    JOIN pg_namespace AS n ON n.oid = c.relnamespace AND (n.oid = t.relnamespace OR n.nspname = 'agentry_archive')
    WHERE t.oid = p_table AND t.relkind = 'p' AND c.relkind = 'r' AND NOT c.relispartition
$_with_archive$;

COMMENT ON FUNCTION agentry._with_archive(regclass) IS
    'A table and those of its partitions that are no longer part of it.';
