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
SELECT agentry.guard_table('agentry_chat.agent_chat_bounds', p_visible_to => 'nobody',
    p_written_by => 'agentry_chat.claim_agent_messages()');
SELECT agentry.guard_table('agentry_chat.agent_chat_feed_state', p_visible_to => 'nobody',
    p_written_by => 'agentry_chat.send_agent_message()');
SELECT agentry.guard_table('agentry_chat.agent_chat_breaker_resets', p_visible_to => 'nobody',
    p_written_by => 'agentry_chat.reset_agent_breaker()');

SELECT agentry._define_setting('chat.notify', '"wake"',
    'Notifications: each (one a message), wake (a recipient is told once, until a claim of it empties its inbox), off.',
    '["each", "wake", "off"]');
-- else the first two senders of an organisation would wait for each other
INSERT INTO agentry_chat.agent_chat_feed_state (org_id, system_identifier, position_offset, notify)
SELECT o.id, c.system_identifier, 0, agentry._setting(o.id, 'chat.notify') #>> '{}'
FROM agentry.organizations AS o
CROSS JOIN pg_control_system() AS c
WHERE NOT EXISTS (SELECT FROM agentry_chat.agent_chat AS m WHERE m.org_id = o.id)
ON CONFLICT (org_id) DO NOTHING;

SELECT agentry._define_setting('chat.max_attempts', '5',
    'How often a message is tried before it is a dead letter; a number from 1 on.  Claims that were given back do not '
    'count.',
    p_type => 'integer', p_minimum => '1', p_maximum => '1000');
SELECT agentry._define_setting('chat.retry_delay', '"10 seconds"',
    'Wait after the first failure, doubled after each further one, up to an hour, give or take a fifth: an interval.',
    p_type => 'interval', p_minimum => '0', p_maximum => '1 day');

SELECT agentry.register_personal_data('agentry_chat.agent_chat_told', '{"agent": "agent_name"}', p_order => 10);
SELECT agentry.register_personal_data('agentry_chat.agent_chat_bounds', '{"agent": "agent_name"}', p_order => 10);
SELECT agentry.register_personal_data('agentry_chat.agent_chat_processed',
    '{"agent": "agent_name", "sender": "agent_name"}', p_order => 10);
SELECT agentry.register_personal_data('agentry_chat.agent_chat', '{"sender": "agent_name"}', 'function',
    'agentry_chat._forget_messages(uuid, jsonb)', p_order => 20);
SELECT agentry.register_personal_data('agentry_chat.agent_chat',
    '{"recipients": "agent_name", "readers": "agent_name"}', 'clear', p_order => 30);
SELECT agentry.register_personal_data('agentry_chat.agent_chat_breaker_resets', '{"sender": "agent_name"}',
    p_order => 10);
SELECT agentry.register_personal_data('agentry_chat.agent_chat_feed_state', '{}', 'none');
SELECT agentry._define_setting('chat.breaker', '"on"',
    'Whether an agent that gives the same short answer again and again in one thread is stopped: on, off.',
    '["on", "off"]');
SELECT agentry._define_setting('chat.breaker_limit', '5',
    'How often an agent may give the same short answer (letters compared, not digits or punctuation; 500 characters at '
    'most) to the same agents in one thread within chat.breaker_window; a number from 1 on.',
    p_type => 'integer', p_minimum => '1', p_maximum => '1000');
SELECT agentry._define_setting('chat.breaker_window', '"15 minutes"',
    'Time in which the breaker counts: an interval.',
    p_type => 'interval', p_minimum => '1 second', p_maximum => '30 days');

INSERT INTO agentry.retention_rules (table_name, time_column, keep_for, note)
VALUES ('agentry_chat.agent_chat', 'timestamp', NULL,
        'Whole threads go, by their last message, once no delivery is open: agentry_chat.expire_agent_chat().')
ON CONFLICT (table_name) DO NOTHING;

INSERT INTO agentry.maintenance_steps (name, call, run_every)
VALUES
    ('chat.expire', 'SELECT format(''%s deliveries settled'', agentry_chat.expire_agent_messages())', '1 minute'),
    ('chat.retention', 'SELECT format(''%s messages removed'', agentry_chat.expire_agent_chat())', '10 minutes')
ON CONFLICT (name) DO UPDATE SET call = excluded.call;
