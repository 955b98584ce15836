-- How strong each memory is today.
CREATE OR REPLACE VIEW agentry_memory.v_memory_strength
WITH (security_invoker = true)
AS
SELECT m.org_id, m.id, a.name AS agent, m.memory_type, m.text, m.importance, m.decay_rate, m.pinned,
       coalesce(u.access_count, 0) AS access_count, u.last_accessed, m.occurred_at,
       CASE
           WHEN m.pinned THEN m.importance
           -- far below what a number can hold it is nothing
           ELSE (m.importance * exp(-least(m.decay_rate * d.days, 80)))::real
       END AS strength
FROM agentry_memory.agent_memories AS m
LEFT JOIN agentry.agents AS a ON a.org_id = m.org_id AND a.id = m.agent_id
LEFT JOIN agentry_memory._memory_access() AS u ON u.id = m.id
CROSS JOIN LATERAL (
    SELECT greatest(extract(epoch FROM now() - coalesce(u.last_accessed, m.occurred_at)), 0)::double precision / 86400
) AS d (days);

COMMENT ON VIEW agentry_memory.v_memory_strength IS
    'How strong each memory is today: importance * exp(-decay_rate * days since it was last used, else since it '
    'happened) (Ebbinghaus 1885; Park et al. 2023); the importance where it is pinned.  Nothing stored changes.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.org_id IS 'Organisation.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.id IS 'Id of the memory.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.agent IS
    'Name of the agent that remembers; NULL where the caller does not see the agent.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.memory_type IS 'Type of the memory.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.text IS 'What people read of it.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.importance IS 'Its importance, 0 to 1, which never changes.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.decay_rate IS 'How fast its strength fades, a day.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.pinned IS 'Whether its strength stays at its importance.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.access_count IS
    'How often it was used, as agentry_memory.mark_recalled() told.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.last_accessed IS 'When it was last used; NULL: never.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.occurred_at IS 'When it happened.';
COMMENT ON COLUMN agentry_memory.v_memory_strength.strength IS 'Its strength today, 0 to its importance.';
