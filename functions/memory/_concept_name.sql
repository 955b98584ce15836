-- _concept_name(name) -> text: a name as concepts are compared by it: in lower case, with single blanks
CREATE OR REPLACE FUNCTION agentry_memory._concept_name(p_name text)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_concept_name$
    SELECT btrim(regexp_replace(lower(p_name), '[[:space:]]+', ' ', 'g'))
$_concept_name$;

COMMENT ON FUNCTION agentry_memory._concept_name(text) IS
    'A name as concepts are compared by it: in lower case, with single blanks.';
