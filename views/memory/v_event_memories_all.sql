-- Events with those in the archive.  A bound on the time prunes the live ones alone: of the archive,
-- archived_event_memories(since, until) reads what is within.
CREATE OR REPLACE VIEW agentry_memory.v_event_memories_all
WITH (security_invoker = true)
AS
SELECT e.org_id, e.event_id, e."timestamp", e.memory_id, e.memory_created_at, e.ordinal, e.agent_id, e.user_id,
       e.team_id, e.scope, e.readers, e.actor, e.action, e.target, e.quantity, e.unit, e.confidence,
       e.extractor_version, e.source, e.metadata, e.created_at, e.updated_at, false AS archived
FROM agentry_memory.event_memories AS e
UNION ALL
SELECT a.org_id, a.event_id, a."timestamp", a.memory_id, a.memory_created_at, a.ordinal, a.agent_id, a.user_id,
       a.team_id, a.scope, a.readers, a.actor, a.action, a.target, a.quantity, a.unit, a.confidence,
       a.extractor_version, a.source, a.metadata, a.created_at, a.updated_at, true
FROM agentry_memory.archived_event_memories() AS a;

COMMENT ON VIEW agentry_memory.v_event_memories_all IS
    'Events, those of retired months too, under the same rules.  To read little of the archive, call '
    'agentry_memory.archived_event_memories(since, until).';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.org_id IS 'Its organisation.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.event_id IS 'Id.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all."timestamp" IS 'When it happened.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.memory_id IS 'The raw memory that it was read out of.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.memory_created_at IS 'The time of that memory, from its id.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.ordinal IS
    'Its place among the events of the memory, from 1 on; no two have the same.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.agent_id IS 'The agent it belongs to, as the memory does.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.user_id IS 'The user it is of, as the memory is.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.team_id IS 'The team that shares it, as the memory.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.scope IS 'Who reads it, as the memory.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.readers IS 'Who reads it, as the memory.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.actor IS 'Who did it, in words; NULL: whose memory it is.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.action IS 'What was done, such as eat.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.target IS 'To what or whom.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.quantity IS 'How much, above 0.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.unit IS 'Of what the quantity is a number.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.confidence IS 'How sure the extraction is, 0 to 1.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.extractor_version IS 'Version of what read it out.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.source IS
    'How it came here: manual, or the name of the extractor.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.metadata IS 'Anything else about it, a JSON object.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.created_at IS 'Time of the insert.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.updated_at IS 'Time of the last change.';
COMMENT ON COLUMN agentry_memory.v_event_memories_all.archived IS 'Whether its month was retired.';
