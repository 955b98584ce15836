-- _concept_text(name, definition) -> text: what people read of a concept
CREATE OR REPLACE FUNCTION agentry_memory._concept_text(p_display_name text, p_definition jsonb)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_concept_text$
    SELECT concat_ws(': ', p_display_name,
                     nullif(nullif(agentry_memory._leaves(p_definition), p_display_name), ''))
$_concept_text$;

COMMENT ON FUNCTION agentry_memory._concept_text(text, jsonb) IS 'What people read of a concept.';
