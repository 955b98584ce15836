-- The house rules for views, concepts and consolidations, and their settings.

SELECT agentry.guard_table('agentry_memory.cognitive_views', 'agent_id', 'user_id', 'team_id', 'scope',
    p_written_by => 'agentry_memory.derive_view() and its like', p_audit => true);
SELECT agentry.guard_table('agentry_memory.stable_concepts', 'agent_id', 'user_id', 'team_id', 'scope',
    p_written_by => 'agentry_memory.promote_view() and deprecate_concept()', p_audit => true);
SELECT agentry.guard_table('agentry_memory.memory_consolidations', 'agent_id',
    p_written_by => 'agentry_memory.consolidate() and undo_consolidation()', p_audit => true);

SELECT agentry_memory._register_link_kind('view', 'agentry_memory.cognitive_views', 't.hypothesis');
SELECT agentry_memory._register_link_kind('concept', 'agentry_memory.stable_concepts',
    'concat_ws('': '', t.display_name, nullif(t.definition ->> ''statement'', t.display_name))');

SELECT agentry._define_setting('memory.view_life', '"30 days"',
    'How long a view is a hypothesis from when it is derived, and from each validation on: an interval.',
    p_type => 'interval', p_minimum => '1 second', p_maximum => '10 years');
SELECT agentry._define_setting('memory.max_memories', '1000',
    'How many memories an agent is to have, archived ones not counted: from 90 % of it on consolidations_due() says '
    'so; a number from 1 on.',
    p_type => 'integer', p_minimum => '1', p_maximum => '1000000000');

-- first, while the links are there that tell what was made of what
SELECT agentry.register_personal_data('agentry_memory.memory_consolidations', '{"agent_id": "subject_id"}', 'function',
    'agentry_memory._forget_derived(uuid, jsonb)', p_order => 80);
SELECT agentry.register_personal_data(t, '{"agent_id": "agent_id", "user_id": "user_id"}')
FROM unnest('{agentry_memory.cognitive_views,agentry_memory.stable_concepts}'::regclass[]) AS t;
