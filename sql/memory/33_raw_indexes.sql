-- Indexes of raw memories and events beyond those of keys.  Each month has its own; what is recent is in few of them.

CREATE INDEX IF NOT EXISTS raw_memories_user_id_idx
    ON agentry_memory.raw_memories (org_id, user_id, created_at DESC) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS raw_memories_agent_id_idx
    ON agentry_memory.raw_memories (org_id, agent_id, created_at DESC) WHERE agent_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS raw_memories_team_id_idx
    ON agentry_memory.raw_memories (org_id, team_id, created_at DESC) WHERE team_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS raw_memories_metadata_idx ON agentry_memory.raw_memories USING gin (metadata);

-- those with INCLUDE are read without the heap; a policy looks at the readers
CREATE INDEX IF NOT EXISTS event_memories_user_id_idx
    ON agentry_memory.event_memories (org_id, user_id, "timestamp" DESC) INCLUDE (action, target, quantity, readers)
    WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS event_memories_agent_id_idx
    ON agentry_memory.event_memories (org_id, agent_id, "timestamp" DESC) INCLUDE (action, target, quantity, readers)
    WHERE agent_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS event_memories_team_id_idx
    ON agentry_memory.event_memories (org_id, team_id, "timestamp" DESC) WHERE team_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS event_memories_action_idx
    ON agentry_memory.event_memories (org_id, action, target, "timestamp" DESC);
CREATE INDEX IF NOT EXISTS event_memories_confidence_idx
    ON agentry_memory.event_memories (org_id, action, target, quantity) WHERE confidence >= 0.8;
CREATE INDEX IF NOT EXISTS event_memories_metadata_idx ON agentry_memory.event_memories USING gin (metadata);
CREATE INDEX IF NOT EXISTS event_memories_memory_id_idx
    ON agentry_memory.event_memories (org_id, memory_created_at, memory_id);
CREATE INDEX IF NOT EXISTS event_memories_event_id_idx ON agentry_memory.event_memories (org_id, event_id);
