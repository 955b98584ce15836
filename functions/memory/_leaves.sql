-- _leaves(value) -> text
-- What there is to read in a JSON value: a text as it is; of objects and arrays the values in them, with commas
-- between.  NULL where it is nothing but blanks.
CREATE OR REPLACE FUNCTION agentry_memory._leaves(p_value jsonb)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_leaves$
    SELECT CASE
        WHEN jsonb_typeof(p_value) IN ('object', 'array') THEN (
            SELECT string_agg(l.leaf #>> '{}', ', ')
            FROM jsonb_path_query(p_value, 'strict $.**') AS l (leaf)
            WHERE jsonb_typeof(l.leaf) NOT IN ('object', 'array') AND l.leaf #>> '{}' ~ '[^[:space:]]')
        WHEN p_value #>> '{}' ~ '[^[:space:]]' THEN p_value #>> '{}'
    END
$_leaves$;

COMMENT ON FUNCTION agentry_memory._leaves(jsonb) IS
    'A JSON text as it is; of objects and arrays the values in them, with commas between; NULL where it is blank.';
