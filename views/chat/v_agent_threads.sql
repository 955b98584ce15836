CREATE OR REPLACE VIEW agentry_chat.v_agent_threads
WITH (security_invoker = true) AS
SELECT m.thread,
       min(m."timestamp") AS started_at,
       max(m."timestamp") AS last_at,
       count(*) AS messages,
       array_agg(DISTINCT m.sender ORDER BY m.sender) AS senders,
       (array_agg(m.message ORDER BY m.id))[1] AS first_message,
       (array_agg(m.message ORDER BY m.id DESC))[1] AS last_message
FROM agentry_chat.agent_chat AS m
WHERE m.org_id = (SELECT agentry.current_org_id())
GROUP BY m.thread
ORDER BY max(m.id) DESC;

COMMENT ON VIEW agentry_chat.v_agent_threads IS
    'Threads, by their last message, newest first, out of the messages that whoever is asking may read.';
COMMENT ON COLUMN agentry_chat.v_agent_threads.thread IS 'Id of the first message.';
COMMENT ON COLUMN agentry_chat.v_agent_threads.started_at IS 'Time of the first message that is visible.';
COMMENT ON COLUMN agentry_chat.v_agent_threads.last_at IS 'Time of the last.';
COMMENT ON COLUMN agentry_chat.v_agent_threads.messages IS 'How many are visible.';
COMMENT ON COLUMN agentry_chat.v_agent_threads.senders IS 'Who wrote them.';
COMMENT ON COLUMN agentry_chat.v_agent_threads.first_message IS 'Text of the first.';
COMMENT ON COLUMN agentry_chat.v_agent_threads.last_message IS 'Text of the last.';
