-- _forget_month(table, partition): takes the entries of a month out of the index before it is dropped; one that is
-- detached or archived is still recalled
CREATE OR REPLACE FUNCTION agentry_memory._forget_month(p_table regclass, p_partition regclass)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_forget_month$
DECLARE
    v_source record;
BEGIN
    FOR v_source IN
        SELECT s.source_id, s.query
        FROM agentry_memory.memory_sources AS s
        WHERE s.table_name = p_table
    LOOP
        EXECUTE format('DELETE FROM agentry_memory.memory_entries AS e USING (%s) AS o '
                       'WHERE e.org_id = o.org_id AND e.source_id = $1 AND e.row_id = o.row_id',
                       replace(v_source.query, '{rows}', p_partition::text))
        USING v_source.source_id;
    END LOOP;
END;
$_forget_month$;

COMMENT ON FUNCTION agentry_memory._forget_month(regclass, regclass) IS
    'Takes the entries of a month out of the semantic index before it is dropped.';
