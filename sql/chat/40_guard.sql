-- The house rules for chat's tables, and its settings.

SELECT agentry.guard_table('agentry_chat.agent_chat',
    p_rule => 'sender = (SELECT agentry.current_agent()) OR (SELECT agentry.current_agent()) = ANY (recipients) '
              'OR EXISTS (SELECT FROM agentry_chat.agent_chat_processed AS p '
              'WHERE p.org_id = agent_chat.org_id AND p.chat_id = agent_chat.id '
              'AND p.agent = (SELECT agentry.current_agent()))',
    p_written_by => 'agentry_chat.send_agent_message()');
SELECT agentry.guard_table('agentry_chat.agent_chat_processed',
    p_rule => 'agent = (SELECT agentry.current_agent()) OR sender = (SELECT agentry.current_agent())',
    p_written_by => 'agentry_chat.claim_agent_messages() and agentry_chat.mark_agent_message()');
SELECT agentry.guard_table('agentry_chat.agent_chat_told', p_visible_to => 'nobody',
    p_written_by => 'agentry_chat.send_agent_message() and agentry_chat.claim_agent_messages()');

SELECT agentry._define_setting('chat.notify', '"wake"',
    'Notifications: each (one a message), wake (a recipient is told once between two claims), off.',
    '["each", "wake", "off"]');
SELECT agentry._define_setting('chat.max_attempts', '5',
    'How often a message is tried before it is a dead letter; a number from 1 on.');
SELECT agentry._define_setting('chat.retry_delay', '"10 seconds"',
    'Wait after the first failure, doubled after each further one, up to an hour, give or take a fifth: an interval.');

SELECT agentry.register_personal_data('agentry_chat.agent_chat_told', '{"agent": "agent_name"}', p_order => 10);
SELECT agentry.register_personal_data('agentry_chat.agent_chat_processed',
    '{"agent": "agent_name", "sender": "agent_name"}', p_order => 10);
SELECT agentry.register_personal_data('agentry_chat.agent_chat', '{"sender": "agent_name"}', 'function',
    'agentry_chat._forget_messages(uuid, jsonb)', p_order => 20);
SELECT agentry.register_personal_data('agentry_chat.agent_chat', '{"recipients": "agent_name"}', 'clear', p_order => 30);
