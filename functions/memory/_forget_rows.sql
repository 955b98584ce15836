-- _forget_rows(table, part, organisation, condition): takes rows of a retired month of a registered table out of the
-- semantic index; the triggers of the table do so for those that are not retired
CREATE OR REPLACE FUNCTION agentry_memory._forget_rows(
    p_table regclass, p_part regclass, p_org_id uuid, p_condition text
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_forget_rows$
DECLARE
    v_source record;
BEGIN
    IF p_part = p_table THEN
        RETURN;
    END IF;
    FOR v_source IN
        SELECT s.source_id, s.query
        FROM agentry_memory.memory_sources AS s
        WHERE s.table_name = p_table
    LOOP
        EXECUTE format('DELETE FROM agentry_memory.memory_entries AS e USING (%s) AS o '
                       'WHERE e.org_id = o.org_id AND e.source_id = $2 AND e.row_id = o.row_id',
                       replace(v_source.query, '{rows}',
                               format('(SELECT * FROM %s WHERE org_id = $1 AND %s)', p_part, p_condition)))
        USING p_org_id, v_source.source_id;
    END LOOP;
END;
$_forget_rows$;

COMMENT ON FUNCTION agentry_memory._forget_rows(regclass, regclass, uuid, text) IS
    'Takes rows of a retired month of a registered table out of the semantic index.';
