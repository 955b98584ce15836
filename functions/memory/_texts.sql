-- _texts(array) -> text[]: a JSON array as an array of texts; what is none is empty
CREATE OR REPLACE FUNCTION agentry_memory._texts(p_array jsonb)
RETURNS text[]
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_texts$
    SELECT CASE WHEN jsonb_typeof(p_array) = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(p_array))
                ELSE '{}' END
$_texts$;

COMMENT ON FUNCTION agentry_memory._texts(jsonb) IS 'A JSON array as an array of texts.';
