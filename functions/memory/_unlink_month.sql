-- _unlink_month(table, partition): takes away the links of a month's rows before it is dropped
CREATE OR REPLACE FUNCTION agentry_memory._unlink_month(p_table regclass, p_partition regclass)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_unlink_month$
DECLARE
    v_kind record;
BEGIN
    FOR v_kind IN
        SELECT k.kind, k.id_column
        FROM agentry_memory.memory_link_kinds AS k
        WHERE k.table_name = p_table
    LOOP
        EXECUTE format('SELECT agentry_memory._unlink($1, array_agg(t.%I), t.org_id) FROM %s AS t GROUP BY t.org_id',
                       v_kind.id_column, p_partition)
        USING v_kind.kind;
    END LOOP;
END;
$_unlink_month$;

COMMENT ON FUNCTION agentry_memory._unlink_month(regclass, regclass) IS
    'Takes away the links of a month''s rows before it is dropped.';
