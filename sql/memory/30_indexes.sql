-- Indexes of the semantic index beyond those of keys.  Vectors are indexed for each model by
-- register_embedding_model().

CREATE INDEX IF NOT EXISTS memory_entries_session_idx
    ON agentry_memory.memory_entries (session_key, position, id) WHERE session_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS memory_entries_occurred_at_idx
    ON agentry_memory.memory_entries (owner_id, occurred_at, id);
CREATE INDEX IF NOT EXISTS memory_entries_terms_idx ON agentry_memory.memory_entries USING gin (terms);

-- exact searches of an owner's vectors
CREATE INDEX IF NOT EXISTS memory_vectors_model_id_idx ON agentry_memory.memory_vectors (model_id, org_id, owner_id);
CREATE INDEX IF NOT EXISTS embedding_queue_model_id_idx
    ON agentry_memory.embedding_queue (model_id, org_id, priority, entry_id);
CREATE UNIQUE INDEX IF NOT EXISTS organization_models_is_default_key
    ON agentry_memory.organization_models (org_id) WHERE is_default;
CREATE INDEX IF NOT EXISTS organization_models_model_id_idx ON agentry_memory.organization_models (model_id);
-- what stands out
CREATE INDEX IF NOT EXISTS memory_entries_importance_idx
    ON agentry_memory.memory_entries (owner_id, importance, id) WHERE importance > 0.5;
-- whether any of an owner's expires at all
CREATE INDEX IF NOT EXISTS memory_entries_expires_at_idx
    ON agentry_memory.memory_entries (owner_id, expires_at) WHERE expires_at IS NOT NULL;
