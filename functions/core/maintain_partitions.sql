-- maintain_partitions() -> text
-- Makes and retires the partitions of every table in agentry.partition_policies.  Returns what changed.
CREATE OR REPLACE FUNCTION agentry.maintain_partitions()
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $maintain_partitions$
DECLARE
    v_table regclass;
    v_made  text[] := '{}';
    v_gone  text[] := '{}';
BEGIN
    FOR v_table IN SELECT p.table_name FROM agentry.partition_policies AS p ORDER BY p.table_name::text COLLATE "C" LOOP
        v_made := v_made || agentry.ensure_partitions(v_table::text);
        v_gone := v_gone || agentry.retire_partitions(v_table::text);
    END LOOP;
    RETURN format('%s made, %s retired', cardinality(v_made), cardinality(v_gone));
END;
$maintain_partitions$;

COMMENT ON FUNCTION agentry.maintain_partitions() IS
    'Makes and retires the partitions of every table in agentry.partition_policies; a maintenance step.';
