-- Triggers of the tables of agentry_memory.
BEGIN;
SELECT no_plan();

-- source: the source of recall() whose index the table's triggers keep
CREATE TEMPORARY TABLE fact (name name, audited boolean, stamped boolean, source text, own name[]) ON COMMIT DROP;
INSERT INTO fact VALUES
    ('embedding_models', true, false, NULL, '{agentry_60_unchanged}'),
    ('embedding_queue', false, false, NULL, '{}'),
    ('event_memories', true, true, 'event',
     '{event_memories_delete, event_memories_insert, event_memories_truncate, event_memories_update}'),
    ('event_memory_keys', false, false, NULL, '{}'),
    ('memory_access', false, false, NULL, '{}'),
    ('memory_changes', false, false, NULL, '{}'),
    ('memory_entries', false, true, NULL,
     '{memory_entries_delete, memory_entries_insert, memory_entries_update}'),
    ('memory_owners', false, false, NULL, '{}'),
    ('memory_sources', true, false, NULL, '{agentry_60_unchanged}'),
    ('memory_terms', false, false, NULL, '{}'),
    ('memory_vectors', false, false, NULL, '{}'),
    ('organization_models', true, true, NULL, '{}'),
    ('raw_memories', true, true, 'raw_memory',
     '{raw_memories_delete, raw_memories_identity, raw_memories_insert, raw_memories_truncate}'),
    ('raw_memory_keys', false, false, NULL, '{}'),
    ('recall_presets', false, false, NULL, '{agentry_60_unchanged}');

SELECT set_eq(
    $$SELECT c.relname FROM pg_class AS c
      WHERE c.relnamespace = 'agentry_memory'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition$$,
    'SELECT name FROM fact', 'tables of agentry_memory');
SELECT triggers_are('agentry_memory', name,
                    '{agentry_10_access}'
                    || CASE WHEN audited THEN '{agentry_90_audit_delete, agentry_90_audit_insert,
                                                agentry_90_audit_truncate, agentry_90_audit_update}' END::name[]
                    || CASE WHEN stamped THEN '{agentry_50_updated_at}' END::name[]
                    || CASE WHEN source IS NOT NULL
                            THEN ARRAY(SELECT format('agentry_70_%s_%s', source, e)
                                       FROM unnest('{delete, insert, truncate, update}'::text[]) AS e) END::name[]
                    || own,
                    'triggers of ' || name)
FROM fact;
SELECT is_empty(
    $$SELECT t.tgrelid::regclass, t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
      WHERE c.relnamespace = 'agentry_memory'::regnamespace AND t.tgenabled <> 'O'$$,
    'every trigger is on');

SELECT * FROM finish();
ROLLBACK;
