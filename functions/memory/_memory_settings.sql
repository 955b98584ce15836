-- _memory_settings(organisation, agent) -> reflection_threshold, reflection_memories, reflections_a_day
-- The agent's own, else those of its organisation.
CREATE OR REPLACE FUNCTION agentry_memory._memory_settings(
    p_org_id                 uuid,
    p_agent_id               uuid,
    OUT reflection_threshold real,
    OUT reflection_memories  integer,
    OUT reflections_a_day    integer
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_memory_settings$
    SELECT coalesce(s.reflection_threshold,
                    (agentry._setting(p_org_id, 'memory.reflection_threshold') #>> '{}')::real),
           coalesce(s.reflection_memories,
                    (agentry._setting(p_org_id, 'memory.reflection_memories') #>> '{}')::integer),
           coalesce(s.reflections_a_day,
                    (agentry._setting(p_org_id, 'memory.reflections_a_day') #>> '{}')::integer)
    FROM (SELECT) AS one
    LEFT JOIN agentry_memory.agent_memory_settings AS s ON s.org_id = p_org_id AND s.agent_id = p_agent_id
$_memory_settings$;

COMMENT ON FUNCTION agentry_memory._memory_settings(uuid, uuid) IS
    'Settings of memory that hold for an agent: its own, else those of its organisation.';
