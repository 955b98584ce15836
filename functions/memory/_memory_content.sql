-- _memory_content(type, text) -> jsonb: the smallest content of a type that says this text
CREATE OR REPLACE FUNCTION agentry_memory._memory_content(p_memory_type text, p_text text)
RETURNS jsonb
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_memory_content$
    SELECT CASE p_memory_type
        WHEN 'episodic' THEN jsonb_build_object('event', p_text, 'temporal', jsonb_build_object())
        WHEN 'semantic' THEN jsonb_build_object('concept', p_text, 'definition', p_text)
        WHEN 'procedural' THEN jsonb_build_object('skill', p_text, 'steps', jsonb_build_array())
        WHEN 'working' THEN jsonb_build_object('items', jsonb_build_array(p_text), 'capacity', 1)
        ELSE jsonb_build_object('text', p_text)
    END
$_memory_content$;

COMMENT ON FUNCTION agentry_memory._memory_content(text, text) IS
    'The smallest content of a type of memory that says this text.';
