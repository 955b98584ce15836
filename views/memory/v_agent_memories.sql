-- Memories as people read them: names, not ids.
CREATE OR REPLACE VIEW agentry_memory.v_agent_memories
WITH (security_invoker = true)
AS
SELECT m.org_id, m.id, a.name AS agent, m.memory_type, m.text, m.importance, m.emotional_relevance, m.tags, m.scope,
       ARRAY(SELECT r.name
             FROM agentry.agents AS r
             WHERE r.org_id = m.org_id AND r.id = ANY (m.related_agents)
             ORDER BY r.name) AS related_agents,
       ARRAY(SELECT r.username
             FROM agentry.users AS r
             WHERE r.org_id = m.org_id AND r.id = ANY (m.related_users)
             ORDER BY r.username) AS related_users,
       m.location, m.session, m.occurred_at, m.expires_at, m.pinned, m.archived_at
FROM agentry_memory.agent_memories AS m
LEFT JOIN agentry.agents AS a ON a.org_id = m.org_id AND a.id = m.agent_id;

COMMENT ON VIEW agentry_memory.v_agent_memories IS
    'Memories as people read them, with names instead of ids; as far as the caller may read them.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.org_id IS 'Organisation.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.id IS 'Id of the memory.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.agent IS
    'Name of the agent that remembers; NULL where the caller does not see the agent.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.memory_type IS 'Type of the memory.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.text IS 'What people read of it.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.importance IS 'Its importance, 0 to 1.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.emotional_relevance IS 'How much it moves, 0 to 1.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.tags IS 'Tags.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.scope IS
    'Who else reads it: agent (nobody), user, team, organisation.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.related_agents IS
    'Names of the agents that it is about, as far as the caller sees them.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.related_users IS
    'Names of the users that it is about, as far as the caller sees them.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.location IS 'Where it happened.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.session IS 'What it is a part of.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.occurred_at IS 'When it happened.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.expires_at IS 'From when on it is not recalled.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.pinned IS 'Whether its strength stays at its importance.';
COMMENT ON COLUMN agentry_memory.v_agent_memories.archived_at IS 'From when on it is kept but not recalled.';
