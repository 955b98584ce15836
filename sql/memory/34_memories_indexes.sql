-- Indexes of memories and links beyond those of keys.  Words, meaning, tags, sessions and importance are found by the
-- semantic index; what the content holds beyond its text is not searched.

-- the newest of an agent
CREATE INDEX IF NOT EXISTS agent_memories_occurred_at_idx
    ON agentry_memory.agent_memories (org_id, agent_id, occurred_at, id);
-- the newest of one type; the reflections of a day
CREATE INDEX IF NOT EXISTS agent_memories_memory_type_idx
    ON agentry_memory.agent_memories (org_id, agent_id, memory_type, occurred_at, id);
CREATE UNIQUE INDEX IF NOT EXISTS agent_memories_idempotency_key
    ON agentry_memory.agent_memories (org_id, agent_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS agent_memories_user_id_idx
    ON agentry_memory.agent_memories (org_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS agent_memories_team_id_idx
    ON agentry_memory.agent_memories (org_id, team_id) WHERE team_id IS NOT NULL;
-- who is forgotten
CREATE INDEX IF NOT EXISTS agent_memories_related_idx
    ON agentry_memory.agent_memories USING gin (related_agents, related_users);
CREATE INDEX IF NOT EXISTS agent_memories_source_idx
    ON agentry_memory.agent_memories (org_id, source_kind, source_id) WHERE source_kind IS NOT NULL;
CREATE INDEX IF NOT EXISTS agent_memories_expires_at_idx
    ON agentry_memory.agent_memories (org_id, expires_at) WHERE expires_at IS NOT NULL;

-- ends that go, from whichever side
CREATE INDEX IF NOT EXISTS memory_links_from_id_idx ON agentry_memory.memory_links (from_id);
CREATE INDEX IF NOT EXISTS memory_links_to_id_idx ON agentry_memory.memory_links (to_id);
CREATE INDEX IF NOT EXISTS memory_links_agent_id_idx
    ON agentry_memory.memory_links (org_id, agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS memory_links_user_id_idx
    ON agentry_memory.memory_links (org_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS memory_links_team_id_idx
    ON agentry_memory.memory_links (org_id, team_id) WHERE team_id IS NOT NULL;
