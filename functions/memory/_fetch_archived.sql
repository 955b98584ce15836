-- _fetch_archived(source, id) -> jsonb: the row of a retired month, where the caller may recall it
CREATE OR REPLACE FUNCTION agentry_memory._fetch_archived(p_source_id integer, p_id text)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_fetch_archived$
DECLARE
    v_me     record   := agentry._caller();
    v_table  regclass := (SELECT s.table_name FROM agentry_memory.memory_sources AS s WHERE s.source_id = p_source_id);
    v_part   regclass;
    v_row    jsonb;
BEGIN
    IF NOT EXISTS (SELECT
                   FROM agentry_memory.memory_entries AS e
                   WHERE e.org_id = v_me.org_id
                     AND e.source_id = p_source_id
                     AND e.row_id = p_id
                     AND (agentry.sees_organisation() OR e.owner_id = ANY (agentry.current_readers()))) THEN
        RETURN NULL;
    END IF;
    FOR v_part IN SELECT a.part FROM agentry._with_archive(v_table) AS a (part) WHERE a.part <> v_table LOOP
        EXECUTE agentry_memory._fetch_query(p_source_id, v_part) INTO v_row USING v_me.org_id, p_id;
        EXIT WHEN v_row IS NOT NULL;
    END LOOP;
    RETURN v_row;
END;
$_fetch_archived$;

COMMENT ON FUNCTION agentry_memory._fetch_archived(integer, text) IS
    'The row of a retired month of a source, where the caller may recall it.';
