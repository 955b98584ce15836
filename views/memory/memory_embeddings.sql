-- What whoever is asking may recall, with its embedding by the default model of the organisation.
CREATE OR REPLACE VIEW agentry_memory.memory_embeddings
WITH (security_invoker = true)
AS
SELECT e.id, s.name AS source_type, e.row_id AS source_id, e.content, v.embedding, e.confidence, e.created_at,
       e.updated_at
FROM agentry_memory.organization_models AS o
JOIN agentry_memory.memory_vectors AS v ON v.org_id = o.org_id AND v.model_id = o.model_id
JOIN agentry_memory.memory_entries AS e ON e.org_id = v.org_id AND e.id = v.entry_id
JOIN agentry_memory.memory_sources AS s ON s.source_id = e.source_id
WHERE o.org_id = (SELECT agentry.current_org_id())
  AND o.is_default
  AND (e.expires_at IS NULL OR e.expires_at > now());

COMMENT ON VIEW agentry_memory.memory_embeddings IS
    'What whoever is asking may recall and has an embedding by the default model of the organisation.  To find what is '
    'similar: ORDER BY embedding <=> query LIMIT n.  Every search is exact; recall() uses the index.';
COMMENT ON COLUMN agentry_memory.memory_embeddings.id IS 'Id of the entry in the semantic index.';
COMMENT ON COLUMN agentry_memory.memory_embeddings.source_type IS 'Source, as in agentry_memory.memory_sources.';
COMMENT ON COLUMN agentry_memory.memory_embeddings.source_id IS
    'Id of the row in the table of the source; fetch_source() gives the row.';
COMMENT ON COLUMN agentry_memory.memory_embeddings.content IS 'The text that was embedded.';
COMMENT ON COLUMN agentry_memory.memory_embeddings.embedding IS 'The embedding in half precision.';
COMMENT ON COLUMN agentry_memory.memory_embeddings.confidence IS 'How sure it is, 0 to 1.';
COMMENT ON COLUMN agentry_memory.memory_embeddings.created_at IS 'When it came into the semantic index.';
COMMENT ON COLUMN agentry_memory.memory_embeddings.updated_at IS 'When it changed there last.';
