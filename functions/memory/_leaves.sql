-- _leaves(value) -> text: a JSON text as it is; of objects and arrays the values in them, with commas between
CREATE OR REPLACE FUNCTION agentry_memory._leaves(p_value jsonb)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_leaves$
    SELECT CASE
        WHEN jsonb_typeof(p_value) IN ('object', 'array') THEN (
            SELECT coalesce(string_agg(l.leaf #>> '{}', ', '), '')
            FROM jsonb_path_query(p_value, 'strict $.**') AS l (leaf)
            WHERE jsonb_typeof(l.leaf) NOT IN ('object', 'array', 'null'))
        ELSE p_value #>> '{}'
    END
$_leaves$;

COMMENT ON FUNCTION agentry_memory._leaves(jsonb) IS
    'A JSON text as it is; of objects and arrays the values in them, with commas between.';
