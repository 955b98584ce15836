-- maintain_partitions() -> text
-- Makes and retires the partitions of every table in agentry.partition_policies.  Returns what changed.  A table that
-- fails is a warning, and the others go on.
CREATE OR REPLACE FUNCTION agentry.maintain_partitions()
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $maintain_partitions$
DECLARE
    v_table  regclass;
    v_made   bigint := 0;
    v_gone   bigint := 0;
    v_failed bigint := 0;
    v_more   text[];
BEGIN
    FOR v_table IN SELECT p.table_name FROM agentry.partition_policies AS p ORDER BY p.table_name::text COLLATE "C" LOOP
        BEGIN
            v_more := agentry.ensure_partitions(v_table::text);
            v_made := v_made + cardinality(v_more);
            v_more := agentry.retire_partitions(v_table::text);
            v_gone := v_gone + cardinality(v_more);
        EXCEPTION
            WHEN OTHERS THEN
                v_failed := v_failed + 1;
                RAISE WARNING USING
                    ERRCODE = SQLSTATE,
                    MESSAGE = format('partitions of %s: %s', v_table, SQLERRM),
                    HINT    = 'The other tables went on; this one is tried again next time.';
        END;
    END LOOP;
    RETURN format('%s made, %s retired, %s failed', v_made, v_gone, v_failed);
END;
$maintain_partitions$;

COMMENT ON FUNCTION agentry.maintain_partitions() IS
    'Makes and retires the partitions of every table in agentry.partition_policies; a maintenance step.';
