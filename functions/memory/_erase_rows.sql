-- _erase_rows(table, organisation, condition) -> jsonb
-- Deletes rows of a monthly table, those of retired months and what the semantic index has of them too; returns how
-- many went from which table.  To be called within agentry._open_way().
CREATE OR REPLACE FUNCTION agentry_memory._erase_rows(p_table regclass, p_org_id uuid, p_condition text)
RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_erase_rows$
DECLARE
    v_part   regclass;
    v_count  bigint;
    v_counts jsonb := '{}';
BEGIN
    FOR v_part IN SELECT agentry._with_archive(p_table) LOOP
        PERFORM agentry_memory._forget_rows(p_table, v_part, p_org_id, p_condition);
        EXECUTE format('DELETE FROM %s WHERE org_id = $1 AND %s', v_part, p_condition) USING p_org_id;
        GET DIAGNOSTICS v_count = ROW_COUNT;
        IF v_count > 0 THEN
            v_counts := v_counts || jsonb_build_object(v_part::text, v_count);
        END IF;
    END LOOP;
    RETURN v_counts;
END;
$_erase_rows$;

COMMENT ON FUNCTION agentry_memory._erase_rows(regclass, uuid, text) IS
    'Deletes rows of a monthly table, those of retired months too, with what the semantic index has of them.';
