-- Indexes beyond those of keys.  Every reference has one; the claim index holds no column that a claim changes (HOT).
-- Deliveries of a message are found by its readers, through their primary key.

CREATE UNIQUE INDEX IF NOT EXISTS agent_chat_idempotency_key
    ON agentry_chat.agent_chat (org_id, sender, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS agent_chat_timestamp_idx ON agentry_chat.agent_chat USING brin ("timestamp");
CREATE INDEX IF NOT EXISTS agent_chat_sender_idx ON agentry_chat.agent_chat (org_id, sender, id);
CREATE INDEX IF NOT EXISTS agent_chat_thread_idx ON agentry_chat.agent_chat (org_id, thread, id);
CREATE INDEX IF NOT EXISTS agent_chat_reply_to_idx
    ON agentry_chat.agent_chat (org_id, reply_to) WHERE reply_to IS NOT NULL;
CREATE INDEX IF NOT EXISTS agent_chat_position_idx ON agentry_chat.agent_chat (org_id, position, id);
CREATE INDEX IF NOT EXISTS agent_chat_shape_idx
    ON agentry_chat.agent_chat (org_id, thread, sender, shape) WHERE shape IS NOT NULL;

CREATE INDEX IF NOT EXISTS agent_chat_processed_claim_idx
    ON agentry_chat.agent_chat_processed (org_id, agent, priority, chat_id) WHERE settled_at IS NULL;
CREATE INDEX IF NOT EXISTS agent_chat_processed_dead_idx
    ON agentry_chat.agent_chat_processed (org_id, agent, chat_id) WHERE dead_at IS NOT NULL;
