-- _unlink_rows(table, part, condition): takes away the links of rows of one of its months that are about to be deleted
-- where no trigger sees it: with the month, or in the archive.
CREATE OR REPLACE FUNCTION agentry_memory._unlink_rows(p_table regclass, p_part regclass, p_condition text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_unlink_rows$
DECLARE
    v_kind record;
BEGIN
    FOR v_kind IN
        SELECT k.kind, k.id_column
        FROM agentry_memory.memory_link_kinds AS k
        WHERE k.table_name = p_table
    LOOP
        EXECUTE format(
            'SELECT agentry_memory._unlink($1, array_agg(%I), org_id) FROM %s WHERE %s GROUP BY org_id',
            v_kind.id_column, p_part, p_condition)
        USING v_kind.kind;
    END LOOP;
END;
$_unlink_rows$;

COMMENT ON FUNCTION agentry_memory._unlink_rows(regclass, regclass, text) IS
    'Takes away the links of rows of a month that are about to be deleted where no trigger sees it.';
