-- _memory_text(type, content) -> text
-- What people read of a memory; NULL where the content is not that of its type.  An object or array within it is read
-- leaf by leaf.
CREATE OR REPLACE FUNCTION agentry_memory._memory_text(p_memory_type text, p_content jsonb)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_memory_text$
    SELECT CASE
        WHEN jsonb_typeof(p_content) IS DISTINCT FROM 'object' THEN NULL
        WHEN p_memory_type = 'episodic' THEN
            CASE WHEN jsonb_typeof(p_content -> 'event') IN ('string', 'object')
                      AND jsonb_typeof(p_content -> 'temporal') IN ('string', 'object')
                 THEN agentry_memory._leaves(p_content -> 'event') END
        WHEN p_memory_type = 'semantic' THEN
            CASE WHEN jsonb_typeof(p_content -> 'concept') = 'string'
                      AND jsonb_typeof(p_content -> 'definition') IN ('string', 'object', 'array')
                 THEN concat_ws(': ', agentry_memory._leaves(p_content -> 'concept'),
                                nullif(agentry_memory._leaves(p_content -> 'definition'), p_content ->> 'concept')) END
        WHEN p_memory_type = 'procedural' THEN
            CASE WHEN jsonb_typeof(p_content -> 'skill') = 'string' AND jsonb_typeof(p_content -> 'steps') = 'array'
                 THEN concat_ws(E'\n', agentry_memory._leaves(p_content -> 'skill'), (
                     SELECT string_agg(format('%s. %s', s.n, agentry_memory._leaves(s.step)), E'\n' ORDER BY s.n)
                     FROM jsonb_array_elements(p_content -> 'steps') WITH ORDINALITY AS s (step, n)
                     WHERE agentry_memory._leaves(s.step) IS NOT NULL)) END
        WHEN p_memory_type = 'working' THEN
            CASE WHEN jsonb_typeof(p_content -> 'items') = 'array'
                      AND jsonb_typeof(p_content -> 'capacity') = 'number'
                 THEN (SELECT string_agg(agentry_memory._leaves(i.item), E'\n' ORDER BY i.n)
                       FROM jsonb_array_elements(p_content -> 'items') WITH ORDINALITY AS i (item, n)) END
        WHEN jsonb_typeof(p_content -> 'text') = 'string' THEN
            CASE WHEN p_memory_type = 'reflection' AND jsonb_typeof(p_content -> 'insights') = 'array'
                 THEN concat_ws(E'\n', agentry_memory._leaves(p_content -> 'text'), (
                     SELECT string_agg('- ' || agentry_memory._leaves(i.insight), E'\n' ORDER BY i.n)
                     FROM jsonb_array_elements(p_content -> 'insights') WITH ORDINALITY AS i (insight, n)
                     WHERE agentry_memory._leaves(i.insight) IS NOT NULL))
                 ELSE p_content ->> 'text' END
    END
$_memory_text$;

COMMENT ON FUNCTION agentry_memory._memory_text(text, jsonb) IS
    'What people read of a memory; NULL where the content is not that of its type.';
