-- _dumped_tables() -> tables whose rows a dump of this database carries, partitions and the tables above them alike
CREATE OR REPLACE FUNCTION agentry._dumped_tables()
RETURNS SETOF regclass
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_dumped_tables$
    SELECT c.oid::regclass
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p')
      AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema'
      AND n.nspname NOT LIKE 'pg\_%'
      -- rows of an extension's tables are that extension's affair
      AND NOT EXISTS (SELECT
                      FROM pg_depend AS d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
$_dumped_tables$;

COMMENT ON FUNCTION agentry._dumped_tables() IS 'Tables of this database whose rows a dump carries.';
