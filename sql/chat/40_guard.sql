-- The house rules for chat's tables, and its settings.

-- A rule costs one operator, no more: PostgreSQL runs a reader's own filter first where that is cheaper and leakproof,
-- such as a comparison of texts, and EXPLAIN ANALYZE tells how often what came after it ran.
SELECT agentry.guard_table('agentry_chat.agent_chat',
    p_rule => 'readers @> ARRAY[(SELECT agentry.current_agent())]',
    p_written_by => 'agentry_chat.send_agent_message()');
SELECT agentry.guard_table('agentry_chat.agent_chat_processed',
    p_rule => 'ARRAY[agent, sender] @> ARRAY[(SELECT agentry.current_agent())]',
    p_written_by => 'agentry_chat.claim_agent_messages() and agentry_chat.mark_agent_message()');
SELECT agentry.guard_table('agentry_chat.agent_chat_told', p_visible_to => 'nobody',
    p_written_by => 'agentry_chat.send_agent_message() and agentry_chat.claim_agent_messages()');

SELECT agentry._define_setting('chat.notify', '"wake"',
    'Notifications: each (one a message), wake (a recipient is told once between two claims), off.',
    '["each", "wake", "off"]');
SELECT agentry._define_setting('chat.max_attempts', '5',
    'How often a message is tried before it is a dead letter; a number from 1 on.',
    p_type => 'integer', p_minimum => '1', p_maximum => '1000');
SELECT agentry._define_setting('chat.retry_delay', '"10 seconds"',
    'Wait after the first failure, doubled after each further one, up to an hour, give or take a fifth: an interval.',
    p_type => 'interval', p_minimum => '0', p_maximum => '1 day');
