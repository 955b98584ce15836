-- _row_key(row, columns) -> jsonb: the named columns of a row's image
CREATE OR REPLACE FUNCTION agentry._row_key(p_row jsonb, p_columns text[])
RETURNS jsonb
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_row_key$
    SELECT jsonb_object_agg(k, p_row -> k) FROM unnest(p_columns) AS k
$_row_key$;

COMMENT ON FUNCTION agentry._row_key(jsonb, text[]) IS 'The named columns of a row.';
