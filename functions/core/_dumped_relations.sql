-- _dumped_relations(kinds) -> relations whose contents a dump of this database carries
-- kinds: letters of pg_class.relkind: r tables, partitions among them, p partitioned tables, S sequences.
CREATE OR REPLACE FUNCTION agentry._dumped_relations(p_kinds text)
RETURNS SETOF regclass
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_dumped_relations$
    SELECT c.oid::regclass
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE strpos(p_kinds, c.relkind::text) > 0
      AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema'
      AND n.nspname NOT LIKE 'pg\_%'
      -- what is in an extension's tables is that extension's affair
      AND NOT EXISTS (SELECT
                      FROM pg_depend AS d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
$_dumped_relations$;

COMMENT ON FUNCTION agentry._dumped_relations(text) IS
    'Relations of these kinds (as in pg_class) whose contents a dump of this database carries.';
