-- _reflections_due(organisation, agent, user, now) -> agent, importance, memories, since
-- reflections_due() for those agents of an organisation that are the agent's or the user's; NULL: whichever.
CREATE OR REPLACE FUNCTION agentry_memory._reflections_due(
    p_org_id   uuid,
    p_agent_id uuid,
    p_user_id  uuid,
    p_now      timestamptz
)
RETURNS TABLE (agent text, importance real, memories bigint, since timestamptz)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_reflections_due$
BEGIN
    RETURN QUERY
    SELECT a.name, round(i.importance::numeric, 3)::real, i.memories, i.since
    FROM (SELECT w.agent_id, sum(w.importance) AS importance, sum(w.memories) AS memories, min(w.since) AS since
          FROM agentry_memory.memory_importance AS w
          WHERE w.org_id = p_org_id AND (p_agent_id IS NULL OR w.agent_id = p_agent_id)
          GROUP BY w.agent_id) AS i
    JOIN agentry.agents AS a ON a.org_id = p_org_id AND a.id = i.agent_id
    CROSS JOIN LATERAL agentry_memory._memory_settings(p_org_id, i.agent_id) AS s
    WHERE a.status IN ('active', 'inactive')
      AND (p_user_id IS NULL OR a.user_id = p_user_id)
      AND round(i.importance::numeric, 3) >= s.reflection_threshold::numeric
      AND i.memories >= s.reflection_memories
      AND (SELECT count(*)
           FROM agentry_memory.agent_memories AS m
           WHERE m.org_id = p_org_id
             AND m.agent_id = i.agent_id
             AND m.memory_type = 'reflection'
             AND m.occurred_at > p_now - interval '24 hours'
             AND m.occurred_at <= p_now) < s.reflections_a_day
    ORDER BY i.importance DESC, a.name COLLATE "C";
END;
$_reflections_due$;

COMMENT ON FUNCTION agentry_memory._reflections_due(uuid, uuid, uuid, timestamptz) IS
    'Agents of an organisation that have enough to reflect on: one, those of a user, or all.';
