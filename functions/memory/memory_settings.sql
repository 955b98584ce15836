-- memory_settings([agent]) -> reflection_threshold, reflection_memories, reflections_a_day
-- The settings that hold for an agent: its own, else those of its organisation.
-- Raises what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_memory.memory_settings(
    p_agent                  text DEFAULT NULL,
    OUT reflection_threshold real,
    OUT reflection_memories  integer,
    OUT reflections_a_day    integer
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $memory_settings$
DECLARE
    v_actor record := agentry._actor(p_agent);
BEGIN
    SELECT s.reflection_threshold, s.reflection_memories, s.reflections_a_day
    INTO reflection_threshold, reflection_memories, reflections_a_day
    FROM agentry_memory._memory_settings(v_actor.org_id, v_actor.agent_id) AS s;
END;
$memory_settings$;

COMMENT ON FUNCTION agentry_memory.memory_settings(text) IS
    'The settings of memory that hold for an agent [the current one]: its own, set by set_memory_settings(), else '
    'those of its organisation (memory.reflection_threshold and its like).  Raises undefined_object, '
    'insufficient_privilege.';
