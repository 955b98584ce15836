-- _archive_of(table) -> tables: the retired months of a monthly table
CREATE OR REPLACE FUNCTION agentry_memory._archive_of(p_table regclass)
RETURNS SETOF regclass
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_archive_of$
    SELECT a.part
    FROM agentry._with_archive(p_table) AS a (part)
    WHERE a.part <> p_table
    ORDER BY a.part::text COLLATE "C"
$_archive_of$;

COMMENT ON FUNCTION agentry_memory._archive_of(regclass) IS 'The retired months of a monthly table.';
