-- What claims read: a queue of dead entries, as a provider leaves behind that was away for long, is none of it.
CREATE INDEX IF NOT EXISTS embedding_queue_due_idx
    ON agentry_memory.embedding_queue (org_id, model_id, priority, entry_id) WHERE dead_at IS NULL;
