-- Raw memories with those in the archive.  A bound on the time prunes the live ones alone: of the archive,
-- archived_raw_memories(since, until) reads what is within.
CREATE OR REPLACE VIEW agentry_memory.v_raw_memories_all
WITH (security_invoker = true)
AS
SELECT r.org_id, r.memory_id, r.created_at, r.agent_id, r.user_id, r.team_id, r.scope, r.readers, r.content_type,
       r.content, r.encrypted, r.key_ref, r.metadata, r.session, r.session_order, r.idempotency_key, r.redacted_at,
       r.redaction_reason, r.updated_at, false AS archived
FROM agentry_memory.raw_memories AS r
UNION ALL
SELECT a.org_id, a.memory_id, a.created_at, a.agent_id, a.user_id, a.team_id, a.scope, a.readers, a.content_type,
       a.content, a.encrypted, a.key_ref, a.metadata, a.session, a.session_order, a.idempotency_key, a.redacted_at,
       a.redaction_reason, a.updated_at, true
FROM agentry_memory.archived_raw_memories() AS a;

COMMENT ON VIEW agentry_memory.v_raw_memories_all IS
    'Raw memories, those of retired months too, under the same rules.  To read little of the archive, call '
    'agentry_memory.archived_raw_memories(since, until).';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.org_id IS 'Its organisation.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.memory_id IS
    'Id, a UUID version 7 of the time in created_at.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.created_at IS
    'When it was said or seen, to the millisecond, as in the id.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.agent_id IS 'The agent it belongs to; NULL: it is of a user alone.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.user_id IS 'The user it is of, or from.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.team_id IS 'The team that shares it.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.scope IS
    'Who reads it beside its agent: organisation, its team, its user, or nobody (agent).';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.readers IS
    'Who reads it: ids of its agent, and of the organisation, team or user that shares it.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.content_type IS
    'What it was: text, voice, image, document, action, external.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.content IS
    'Its text (of what is no text, what stands for it), never blank; NULL: encrypted, or redacted.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.encrypted IS
    'The ciphertext that a client made; NULL: not encrypted, or redacted.  It is not recalled.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.key_ref IS
    'Where the key of the ciphertext is kept; never the key.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.metadata IS
    'Anything else about it, a JSON object; emptied by redaction.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.session IS 'The conversation or sitting that it is from.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.session_order IS 'Its place in the session; NULL: by its time.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.idempotency_key IS
    'The owner''s key for it, 1 to 255 characters: stored twice, it is one memory.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.redacted_at IS
    'When agentry_memory.redact_raw_memory() took its content away.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.redaction_reason IS 'Why.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.updated_at IS 'Time of the last change.';
COMMENT ON COLUMN agentry_memory.v_raw_memories_all.archived IS 'Whether its month was retired.';
