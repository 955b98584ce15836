-- The house rules for raw memories and events, how long their months are kept, and how they are recalled and forgotten.

-- the id of a raw memory is made of its time, by a trigger
SELECT agentry._set_default('agentry_memory.event_memories', 'event_id', 'agentry.uuidv7()');
SELECT agentry.guard_table('agentry_memory.raw_memories', 'agent_id', 'user_id', 'team_id', 'scope',
    p_writers => '{app,agents}',
    p_written_by => 'agentry_memory.remember_raw() and agentry_memory.redact_raw_memory()', p_audit => true);
SELECT agentry.guard_table('agentry_memory.event_memories', 'agent_id', 'user_id', 'team_id', 'scope',
    p_writers => '{app,agents}', p_written_by => 'agentry_memory.record_event()', p_audit => true);
SELECT agentry.guard_table('agentry_memory.raw_memory_keys', p_visible_to => 'nobody',
    p_written_by => 'changes of agentry_memory.raw_memories');
SELECT agentry.guard_table('agentry_memory.event_memory_keys', p_visible_to => 'nobody',
    p_written_by => 'changes of agentry_memory.event_memories');

-- what somebody set otherwise stays, and maintenance makes the months that come
SELECT agentry._put_partition_policy(t::text, p_keep_months => 24, p_retire_to => 'archive',
    p_storage => '{autovacuum_vacuum_scale_factor=0.1,autovacuum_vacuum_threshold=1000,'
                 'autovacuum_analyze_scale_factor=0.05}')
FROM unnest('{agentry_memory.raw_memories,agentry_memory.event_memories}'::regclass[]) AS t
WHERE NOT EXISTS (SELECT FROM agentry.partition_policies AS p WHERE p.table_name = t);
SELECT agentry.ensure_partitions(t::text)
FROM unnest('{agentry_memory.raw_memories,agentry_memory.event_memories}'::regclass[]) AS t
WHERE NOT EXISTS (SELECT FROM agentry._partitions(t) AS p WHERE p.from_time IS NOT NULL);
SELECT agentry._close_partition(p.partition)
FROM unnest('{agentry_memory.raw_memories,agentry_memory.event_memories}'::regclass[]) AS t,
     agentry._open_partitions(t) AS p (partition);
INSERT INTO agentry.partition_hooks (table_name, before_drop)
SELECT t, 'agentry_memory._forget_keys(regclass,regclass)'
FROM unnest('{agentry_memory.raw_memories,agentry_memory.event_memories}'::regclass[]) AS t
ON CONFLICT DO NOTHING;

SELECT agentry_memory.register_source('raw_memory', 'agentry_memory.raw_memories', 't.content', 't.memory_id',
    't.agent_id', 't.user_id', 't.team_id', 't.scope', 't.session',
    'coalesce(t.session_order, (extract(epoch FROM t.created_at) * 1000000)::bigint)', 't.created_at');
SELECT agentry_memory.register_source('event', 'agentry_memory.event_memories',
    'concat_ws('' '', t.actor, t.action, trim_scale(t.quantity), t.unit, t.target)', 't.event_id',
    't.agent_id', 't.user_id', 't.team_id', 't.scope', 't.memory_id', 't.ordinal', 't."timestamp"',
    p_confidence => 't.confidence');

SELECT agentry.register_personal_data('agentry_memory.event_memories', '{"agent_id": "agent_id", "user_id": "user_id"}',
    'function', 'agentry_memory._forget_events(uuid, jsonb)', p_order => 200);
SELECT agentry.register_personal_data('agentry_memory.raw_memories', '{"agent_id": "agent_id", "user_id": "user_id"}',
    'function', 'agentry_memory._forget_raw(uuid, jsonb)', p_order => 210);
SELECT agentry.register_personal_data('agentry_memory.raw_memory_keys', '{"owner_id": "subject_id"}', p_order => 220);
SELECT agentry.register_personal_data('agentry_memory.event_memory_keys', '{}', 'none');
