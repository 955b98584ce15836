-- _has_row(source, organisation, id) -> boolean
-- Whether an entry's row is there, in the archive too; NULL for whoever does not see the organisation.
CREATE OR REPLACE FUNCTION agentry_memory._has_row(p_source_id integer, p_org_id uuid, p_id text)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_has_row$
DECLARE
    v_me     record  := agentry._caller();
    v_source record;
    v_part   regclass;
    v_found  boolean := false;
BEGIN
    IF v_me.org_id <> p_org_id OR NOT agentry.sees_organisation() THEN
        RETURN NULL;
    END IF;
    SELECT s.table_name, s.query, s.expressions ->> 'id' AS id, s.id_type
    INTO v_source
    FROM agentry_memory.memory_sources AS s
    WHERE s.source_id = p_source_id;
    FOR v_part IN SELECT agentry._with_archive(v_source.table_name) LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s AS t WHERE t.org_id = $1 AND (%s) = $2::%s)',
                       v_part, v_source.id, v_source.id_type)
        INTO v_found
        USING p_org_id, p_id;
        EXIT WHEN v_found;
    END LOOP;
    RETURN v_found;
END;
$_has_row$;

COMMENT ON FUNCTION agentry_memory._has_row(integer, uuid, text) IS
    'Whether the row of an entry is there, in the archive too; NULL for whoever does not see the organisation.';
