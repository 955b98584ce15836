-- The house rules for the tables of the semantic index, and its settings.  A rule costs one operator, no more, so that
-- no filter of a reader runs before it.

SELECT agentry.guard_table('agentry_memory.memory_sources', p_visible_to => 'everyone',
    p_written_by => 'agentry_memory.register_source()', p_audit => true);
SELECT agentry.guard_table('agentry_memory.memory_entries',
    p_rule => 'owner_id = ANY ((SELECT agentry.current_readers())::uuid[])',
    p_written_by => 'changes of the tables in agentry_memory.memory_sources');
SELECT agentry.guard_table('agentry_memory.memory_vectors',
    p_rule => 'owner_id = ANY ((SELECT agentry.current_readers())::uuid[])',
    p_written_by => 'agentry_memory.complete_embeddings()');
SELECT agentry.guard_table('agentry_memory.memory_access', p_visible_to => 'nobody',
    p_written_by => 'agentry_memory.mark_recalled()');
SELECT agentry.guard_table('agentry_memory.memory_changes', p_visible_to => 'nobody',
    p_written_by => 'changes of agentry_memory.memory_entries');
SELECT agentry.guard_table('agentry_memory.memory_terms', p_visible_to => 'nobody',
    p_written_by => 'changes of agentry_memory.memory_entries');
SELECT agentry.guard_table('agentry_memory.memory_owners', p_visible_to => 'nobody',
    p_written_by => 'changes of agentry_memory.memory_entries');
SELECT agentry.guard_table('agentry_memory.recall_presets', p_visible_to => 'everyone');

SELECT agentry.guard_table('agentry_memory.embedding_models', p_visible_to => 'everyone',
    p_written_by => 'agentry_memory.register_embedding_model()', p_audit => true);
SELECT agentry.guard_table('agentry_memory.organization_models', p_visible_to => 'organisation',
    p_written_by => 'agentry_memory.use_embedding_model()', p_audit => true);
SELECT agentry.guard_table('agentry_memory.embedding_queue', p_rule => 'false',
    p_written_by => 'agentry_memory.claim_embeddings() and its like');

SELECT agentry._define_setting('memory.language', '"english"',
    'Text search configuration of the organisation, such as "english", "german" or "simple".  A change is followed at '
    'once: the index of the organisation is made anew.');
SELECT agentry._define_setting('memory.max_attempts', '5',
    'How often an embedding is tried before it is given up; a number from 1 on.',
    p_type => 'integer', p_minimum => '1', p_maximum => '1000');
SELECT agentry._define_setting('memory.retry_delay', '"10 seconds"',
    'Wait after the first failure of an embedding, doubled after each further one, up to an hour, give or take a '
    'fifth: an interval.',
    p_type => 'interval', p_minimum => '0', p_maximum => '1 day');

SELECT agentry.register_personal_data('agentry_memory.memory_entries', '{"owner_id": "subject_id"}', 'function',
    'agentry_memory._forget_entries(uuid, jsonb)', p_order => 500);
SELECT agentry.register_personal_data('agentry_memory.memory_vectors', '{"owner_id": "subject_id"}', p_order => 490);
SELECT agentry.register_personal_data(t, '{"owner_id": "subject_id"}', p_order => 510)
FROM unnest('{agentry_memory.memory_changes,agentry_memory.memory_owners}'::regclass[]) AS t;
SELECT agentry.register_personal_data(t, '{}', 'none')
FROM unnest('{agentry_memory.memory_access,agentry_memory.memory_terms,agentry_memory.embedding_queue,
              agentry_memory.organization_models}'::regclass[]) AS t;
