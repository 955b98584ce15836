-- set_memory_settings(agent [, reflection_threshold, reflection_memories, reflections_a_day]) -> void
-- What an agent does otherwise than the settings of its organisation say; what is left out is as they say.
-- Raises check_violation and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_memory.set_memory_settings(
    p_agent                text,
    p_reflection_threshold float8  DEFAULT NULL,
    p_reflection_memories  integer DEFAULT NULL,
    p_reflections_a_day    integer DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $set_memory_settings$
DECLARE
    v_actor  record := agentry._actor(p_agent);
    v_table  text;
    v_column text;
    v_rule   text;
    v_hint   text;
BEGIN
    INSERT INTO agentry_memory.agent_memory_settings (
        org_id, agent_id, reflection_threshold, reflection_memories, reflections_a_day)
    VALUES (v_actor.org_id, v_actor.agent_id, p_reflection_threshold, p_reflection_memories, p_reflections_a_day)
    ON CONFLICT (org_id, agent_id) DO UPDATE
    SET reflection_threshold = excluded.reflection_threshold, reflection_memories = excluded.reflection_memories,
        reflections_a_day = excluded.reflections_a_day;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry_memory', v_table, v_column, v_rule, v_hint,
            jsonb_build_object('reflection_threshold', p_reflection_threshold,
                               'reflection_memories', p_reflection_memories, 'reflections_a_day', p_reflections_a_day));
        RAISE;
END;
$set_memory_settings$;

COMMENT ON FUNCTION agentry_memory.set_memory_settings(text, float8, integer, integer) IS
    'Sets what an agent [the current one] does otherwise than the settings of its organisation say: the importance '
    'after which a reflection is due (a sum of numbers of 0 to 1: 15 is 150 where importance goes from 1 to 10), how '
    'many memories it needs at least, and after how many within 24 hours none is due.  What is left out is as the '
    'organisation''s.  Raises check_violation, undefined_object, insufficient_privilege.';
