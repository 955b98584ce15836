CREATE OR REPLACE VIEW agentry_chat.v_dead_letters
WITH (security_invoker = true) AS
SELECT p.agent, p.chat_id, p.sender, m.message, p.attempts, p.error_message, p.dead_at, m."timestamp"
FROM agentry_chat.agent_chat_processed AS p
JOIN agentry_chat.agent_chat AS m ON m.org_id = p.org_id AND m.id = p.chat_id
WHERE p.org_id = (SELECT agentry.current_org_id())
  AND p.dead_at IS NOT NULL
ORDER BY p.dead_at DESC, p.chat_id DESC;

COMMENT ON VIEW agentry_chat.v_dead_letters IS
    'Messages whose last attempt failed, newest first; agentry_chat.requeue_agent_message() makes one due again.';
COMMENT ON COLUMN agentry_chat.v_dead_letters.agent IS 'Name of the recipient.';
COMMENT ON COLUMN agentry_chat.v_dead_letters.chat_id IS 'Id of the message.';
COMMENT ON COLUMN agentry_chat.v_dead_letters.sender IS 'Name of the sender.';
COMMENT ON COLUMN agentry_chat.v_dead_letters.message IS 'Text.';
COMMENT ON COLUMN agentry_chat.v_dead_letters.attempts IS 'How often it was tried.';
COMMENT ON COLUMN agentry_chat.v_dead_letters.error_message IS 'Error of the last attempt.';
COMMENT ON COLUMN agentry_chat.v_dead_letters.dead_at IS 'When it was given up.';
COMMENT ON COLUMN agentry_chat.v_dead_letters."timestamp" IS 'When it was sent.';
