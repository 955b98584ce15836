CREATE OR REPLACE VIEW agentry_chat.v_agent_chat_recent
WITH (security_invoker = true) AS
SELECT m.id, m.sender, m.message, m.recipients, m.reply_to, m."timestamp", m.thread, m.priority, m.expires_at
FROM agentry_chat.agent_chat AS m
WHERE m.org_id = (SELECT agentry.current_org_id())
  AND m."timestamp" > now() - interval '30 days'
ORDER BY m.id DESC;

COMMENT ON VIEW agentry_chat.v_agent_chat_recent IS
    'Messages of the last 30 days that whoever is asking may read, newest first.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_recent.id IS 'Id of the message.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_recent.sender IS 'Name of the sender.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_recent.message IS 'Text.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_recent.recipients IS 'Addresses as written.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_recent.reply_to IS 'The message that it answers.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_recent."timestamp" IS 'When it was sent.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_recent.thread IS 'First message of its thread.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_recent.priority IS '1 (first) to 10.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_recent.expires_at IS 'When it is no longer delivered.';
