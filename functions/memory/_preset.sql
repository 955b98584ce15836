-- _preset(name, weights) -> jsonb
-- A preset with weights that the caller gave in place of its own.
-- Raises undefined_object, invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_memory._preset(p_name text, p_weights jsonb)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_preset$
DECLARE
    v_known  text[] := '{lexical,semantic,recency,importance,emotion,frequency}';
    v_preset jsonb  := (SELECT to_jsonb(r) FROM agentry_memory.recall_presets AS r WHERE r.name = p_name);
BEGIN
    IF v_preset IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('preset %s does not exist', coalesce(quote_literal(p_name), 'NULL')),
            HINT    = coalesce('Did you mean ' || agentry._closest(
                                  p_name, ARRAY(SELECT r.name FROM agentry_memory.recall_presets AS r)) || '?  ', '')
                      || 'Presets stand in agentry_memory.recall_presets.';
    END IF;
    IF p_weights IS NULL THEN
        RETURN v_preset;
    END IF;
    IF jsonb_typeof(p_weights) <> 'object'
       OR p_weights - v_known <> '{}'
       OR EXISTS (SELECT
                  FROM jsonb_each(CASE jsonb_typeof(p_weights) WHEN 'object' THEN p_weights ELSE '{}' END) AS w
                  WHERE CASE jsonb_typeof(w.value) WHEN 'number' THEN w.value::numeric NOT BETWEEN 0 AND 100
                                                   ELSE true END) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'these are no weights',
            DETAIL  = format('got: %s', p_weights),
            HINT    = 'Pass an object of numbers from 0 to 100: lexical, semantic, recency, importance, emotion, '
                      'frequency.';
    END IF;
    -- as a score is rounded, too; a number too small for double precision would be an error
    v_preset := v_preset || (SELECT coalesce(jsonb_object_agg(w.key, trim_scale(round(w.value::numeric, 9))), '{}')
                             FROM jsonb_each(p_weights) AS w);
    IF (SELECT sum((v_preset ->> k)::numeric) FROM unnest(v_known) AS k) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'all weights are 0',
            DETAIL  = format('got: %s', p_weights),
            HINT    = 'Leave one above 0.';
    END IF;
    RETURN v_preset;
END;
$_preset$;

COMMENT ON FUNCTION agentry_memory._preset(text, jsonb) IS
    'A preset with weights that the caller gave in place of its own.';
