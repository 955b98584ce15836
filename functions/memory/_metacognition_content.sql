-- _metacognition_content(evaluation, adjustments, modifications, notes) -> jsonb
-- The content of a memory of type metacognition; its text has a line for each part.
CREATE OR REPLACE FUNCTION agentry_memory._metacognition_content(
    p_performance_evaluation text,
    p_strategy_adjustments   text[],
    p_goal_modifications     text[],
    p_self_awareness_notes   text
)
RETURNS jsonb
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_metacognition_content$
    SELECT jsonb_build_object(
        'text', concat_ws(E'\n', p_performance_evaluation,
                          '- ' || nullif(array_to_string(p_strategy_adjustments, E'\n- '), ''),
                          '- ' || nullif(array_to_string(p_goal_modifications, E'\n- '), ''),
                          p_self_awareness_notes),
        'strategy_adjustments', coalesce(p_strategy_adjustments, '{}'),
        'goal_modifications', coalesce(p_goal_modifications, '{}'))
        || jsonb_strip_nulls(jsonb_build_object('performance_evaluation', p_performance_evaluation,
                                                'self_awareness_notes', p_self_awareness_notes))
$_metacognition_content$;

COMMENT ON FUNCTION agentry_memory._metacognition_content(text, text[], text[], text) IS
    'The content of a memory of type metacognition.';
