-- The house rules for memories, links and what counts importance, and their settings.

SELECT agentry.guard_table('agentry_memory.agent_memories', 'agent_id', 'user_id', 'team_id', 'scope',
    p_writers => '{app,agents}', p_audit => true);
SELECT agentry.guard_table('agentry_memory.memory_links', 'agent_id', 'user_id', 'team_id', 'scope',
    p_written_by => 'agentry_memory.link_memories()', p_audit => true);
SELECT agentry.guard_table('agentry_memory.memory_link_kinds', p_visible_to => 'everyone',
    p_written_by => 'agentry_memory._register_link_kind()', p_audit => true);
SELECT agentry.guard_table('agentry_memory.memory_importance', p_visible_to => 'nobody',
    p_written_by => 'changes of agentry_memory.agent_memories');
SELECT agentry.guard_table('agentry_memory.agent_memory_settings', 'agent_id',
    p_writers => '{app,agents}', p_written_by => 'agentry_memory.set_memory_settings()', p_audit => true);

SELECT agentry_memory._register_link_kind('memory', 'agentry_memory.agent_memories', 't.text');

SELECT agentry._define_setting('memory.reflection_threshold', '15',
    'Importance after which a reflection of an agent is due, as a sum of numbers of 0 to 1 (150 where importance goes '
    'from 1 to 10: Park et al. 2023, section 4.2); a number from 1 on.',
    p_type => 'integer', p_minimum => '1', p_maximum => '100000');
SELECT agentry._define_setting('memory.reflection_memories', '5',
    'How many memories a reflection needs at least; a number from 1 on.',
    p_type => 'integer', p_minimum => '1', p_maximum => '100000');
SELECT agentry._define_setting('memory.reflections_a_day', '3',
    'After how many reflections of an agent within 24 hours none is due; a number from 0 on.',
    p_type => 'integer', p_minimum => '0', p_maximum => '1000');
SELECT agentry._define_setting('memory.notify', '"off"',
    'Notifications of new memories: on, off.  They are on channel memory_update for the default organisation, else on '
    'that of agentry_memory.memory_channel().',
    '["on", "off"]');

SELECT agentry.register_personal_data('agentry_memory.memory_links', '{"agent_id": "agent_id", "user_id": "user_id"}',
    p_order => 90);
SELECT agentry.register_personal_data('agentry_memory.agent_memories',
    '{"agent_id": "agent_id", "user_id": "user_id"}');
SELECT agentry.register_personal_data('agentry_memory.agent_memories',
    '{"related_agents": "agent_id", "related_users": "user_id"}', 'clear', p_order => 110);
SELECT agentry.register_personal_data('agentry_memory.memory_importance', '{"agent_id": "agent_id"}');
SELECT agentry.register_personal_data('agentry_memory.agent_memory_settings', '{"agent_id": "agent_id"}');
