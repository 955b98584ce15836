-- Raw memories with their embeddings by the default model of the organisation, for SQL of one's own; recall() searches
-- the same embeddings by an index.
CREATE OR REPLACE VIEW agentry_memory.v_raw_memory_embeddings
WITH (security_invoker = true)
AS
SELECT r.memory_id, r.user_id, r.agent_id, r.content, r.created_at, v.embedding
FROM agentry_memory.organization_models AS m
JOIN agentry_memory.memory_vectors AS v ON v.org_id = m.org_id AND v.model_id = m.model_id
JOIN agentry_memory.memory_entries AS e ON e.org_id = v.org_id AND e.id = v.entry_id
JOIN agentry_memory.memory_sources AS s ON s.source_id = e.source_id AND s.name = 'raw_memory'
-- by the key, whose time prunes the months; as text, as the ids of other sources are no uuids
JOIN agentry_memory.raw_memories AS r
    ON r.org_id = e.org_id AND r.created_at = e.occurred_at AND r.memory_id::text = e.row_id
WHERE m.is_default;

COMMENT ON VIEW agentry_memory.v_raw_memory_embeddings IS
    'Raw memories with their embeddings by the default model of the organisation; those not embedded yet, and those in '
    'the archive, are not in it.';
COMMENT ON COLUMN agentry_memory.v_raw_memory_embeddings.memory_id IS 'The raw memory.';
COMMENT ON COLUMN agentry_memory.v_raw_memory_embeddings.user_id IS 'The user it is of, or from.';
COMMENT ON COLUMN agentry_memory.v_raw_memory_embeddings.agent_id IS 'The agent it belongs to.';
COMMENT ON COLUMN agentry_memory.v_raw_memory_embeddings.content IS 'Its text.';
COMMENT ON COLUMN agentry_memory.v_raw_memory_embeddings.created_at IS 'When it was said or seen.';
COMMENT ON COLUMN agentry_memory.v_raw_memory_embeddings.embedding IS
    'Its embedding in half precision; <=> is the cosine distance.';
