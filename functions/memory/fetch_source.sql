-- fetch_source(source, id) -> jsonb
-- The row behind what recall() found, as far as the caller may read its columns; from the archive too.  NULL where
-- there is none that the caller may read.
-- Raises undefined_object, insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry_memory.fetch_source(p_source text, p_id text)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $fetch_source$
DECLARE
    v_source record := agentry_memory._source(p_source);
    v_row    jsonb;
BEGIN
    EXECUTE agentry_memory._fetch_query(v_source.source_id, v_source.table_name)
    INTO v_row
    USING agentry.current_org_id(), p_id;
    RETURN coalesce(v_row, agentry_memory._fetch_archived(v_source.source_id, p_id));
EXCEPTION
    WHEN invalid_text_representation OR numeric_value_out_of_range OR datetime_field_overflow THEN
        RETURN NULL;  -- no id of this source
END;
$fetch_source$;

COMMENT ON FUNCTION agentry_memory.fetch_source(text, text) IS
    'The row behind a hit of recall(), by its source and id, as a JSON object of the columns that the caller may read, '
    'from the archive too; NULL where there is none that the caller may read.  Raises undefined_object, '
    'insufficient_privilege.';
