CREATE OR REPLACE VIEW agentry_chat.v_agent_inbox
WITH (security_invoker = true) AS
SELECT p.agent, p.chat_id, p.sender, m.message, m.reply_to, m.thread, p.priority, p.status, p.attempts, p.available_at,
       p.lease_until, p.error_message, m."timestamp"
FROM agentry_chat.agent_chat_processed AS p
JOIN agentry_chat.agent_chat AS m ON m.org_id = p.org_id AND m.id = p.chat_id
WHERE p.org_id = (SELECT agentry.current_org_id())
  AND p.settled_at IS NULL
  AND p.agent = coalesce((SELECT agentry.current_agent()), p.agent)
ORDER BY p.agent, p.priority, p.chat_id;

COMMENT ON VIEW agentry_chat.v_agent_inbox IS
    'Open messages: an agent sees its own inbox, applications and administrators every inbox; in the order in which '
    'they are claimed.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.agent IS 'Name of the recipient.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.chat_id IS 'Id of the message.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.sender IS 'Name of the sender.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.message IS 'Text.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.reply_to IS 'The message that it answers.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.thread IS 'First message of its thread.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.priority IS '1 (first) to 10.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.status IS 'pending (released ones too), received or failed.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.attempts IS 'How often it was claimed.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.available_at IS 'When it may be claimed.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.lease_until IS 'When a claim ends by itself.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox.error_message IS 'Error of the last failed attempt.';
COMMENT ON COLUMN agentry_chat.v_agent_inbox."timestamp" IS 'When it was sent.';
