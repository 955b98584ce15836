-- Constraints of agentry_memory: unique keys, references, checks.
BEGIN;
SELECT no_plan();

-- of the tables, whose months have the same
CREATE TEMPORARY VIEW own AS
SELECT c.relname, k.conname, k.contype, pg_get_constraintdef(k.oid) AS definition, k.oid
FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
WHERE c.relnamespace = 'agentry_memory'::regnamespace AND NOT c.relispartition AND k.conparentid = 0;

SELECT set_eq(
    $$SELECT relname::text, definition FROM own WHERE contype = 'f'$$,
    $$VALUES
      ('agent_memories', 'FOREIGN KEY (org_id, agent_id) REFERENCES agentry.agents(org_id, id) ON DELETE CASCADE'),
      ('agent_memories', 'FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams(org_id, id)'),
      ('agent_memories', 'FOREIGN KEY (org_id, user_id) REFERENCES agentry.users(org_id, id)'),
      ('agent_memory_settings',
       'FOREIGN KEY (org_id, agent_id) REFERENCES agentry.agents(org_id, id) ON DELETE CASCADE'),
      ('cognitive_views', 'FOREIGN KEY (org_id, agent_id) REFERENCES agentry.agents(org_id, id) ON DELETE CASCADE'),
      ('cognitive_views', 'FOREIGN KEY (org_id, promoted_to) REFERENCES agentry_memory.stable_concepts(org_id, id) '
                          'ON DELETE SET NULL (promoted_to)'),
      ('cognitive_views', 'FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams(org_id, id)'),
      ('cognitive_views', 'FOREIGN KEY (org_id, user_id) REFERENCES agentry.users(org_id, id)'),
      ('embedding_queue', 'FOREIGN KEY (org_id, entry_id) REFERENCES agentry_memory.memory_entries(org_id, id) '
                          'ON DELETE CASCADE'),
      ('embedding_queue', 'FOREIGN KEY (org_id, model_id) '
                          'REFERENCES agentry_memory.organization_models(org_id, model_id) ON DELETE CASCADE'),
      ('event_memories', 'FOREIGN KEY (org_id, agent_id) REFERENCES agentry.agents(org_id, id) ON DELETE CASCADE'),
      ('event_memories', 'FOREIGN KEY (org_id, memory_created_at, memory_id) '
                         'REFERENCES agentry_memory.raw_memories(org_id, created_at, memory_id) DEFERRABLE'),
      ('event_memories', 'FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams(org_id, id)'),
      ('event_memories', 'FOREIGN KEY (org_id, user_id) REFERENCES agentry.users(org_id, id)'),
      ('memory_access', 'FOREIGN KEY (org_id, entry_id) REFERENCES agentry_memory.memory_entries(org_id, id) '
                        'ON DELETE CASCADE'),
      ('memory_consolidations',
       'FOREIGN KEY (org_id, agent_id) REFERENCES agentry.agents(org_id, id) ON DELETE CASCADE'),
      ('memory_consolidations', 'FOREIGN KEY (org_id, consolidated_memory_id) '
                                'REFERENCES agentry_memory.agent_memories(org_id, id) ON DELETE CASCADE'),
      ('memory_importance', 'FOREIGN KEY (org_id, agent_id) REFERENCES agentry.agents(org_id, id) ON DELETE CASCADE'),
      ('memory_links', 'FOREIGN KEY (org_id, agent_id) REFERENCES agentry.agents(org_id, id) ON DELETE CASCADE'),
      ('memory_links', 'FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams(org_id, id)'),
      ('memory_links', 'FOREIGN KEY (org_id, user_id) REFERENCES agentry.users(org_id, id)'),
      ('memory_vectors', 'FOREIGN KEY (org_id, entry_id) REFERENCES agentry_memory.memory_entries(org_id, id) '
                         'ON DELETE CASCADE'),
      ('memory_vectors', 'FOREIGN KEY (org_id, model_id) '
                          'REFERENCES agentry_memory.organization_models(org_id, model_id) ON DELETE CASCADE'),
      ('organization_models', 'FOREIGN KEY (model_id) REFERENCES agentry_memory.embedding_models(model_id)'),
      ('raw_memories', 'FOREIGN KEY (org_id, agent_id) REFERENCES agentry.agents(org_id, id) ON DELETE CASCADE'),
      ('raw_memories', 'FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams(org_id, id)'),
      ('raw_memories', 'FOREIGN KEY (org_id, user_id) REFERENCES agentry.users(org_id, id)'),
      ('stable_concepts', 'FOREIGN KEY (org_id, agent_id) REFERENCES agentry.agents(org_id, id) ON DELETE CASCADE'),
      ('stable_concepts',
       'FOREIGN KEY (org_id, parent_concept_id) REFERENCES agentry_memory.stable_concepts(org_id, id) '
       'ON DELETE SET NULL (parent_concept_id)'),
      ('stable_concepts', 'FOREIGN KEY (org_id, promoted_from) REFERENCES agentry_memory.cognitive_views(org_id, id) '
                          'ON DELETE SET NULL (promoted_from)'),
      ('stable_concepts', 'FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams(org_id, id)'),
      ('stable_concepts', 'FOREIGN KEY (org_id, user_id) REFERENCES agentry.users(org_id, id)')$$,
    'references');

SELECT set_eq(
    $$SELECT relname::text, definition FROM own WHERE contype = 'u'$$,
    $$VALUES ('embedding_models', 'UNIQUE (name)'),
             ('memory_consolidations', 'UNIQUE (org_id, consolidated_memory_id)'),
             ('memory_entries', 'UNIQUE (org_id, source_id, row_id)'),
             ('memory_sources', 'UNIQUE (name)')$$,
    'unique keys');
SELECT set_eq(
    $$SELECT c.relname::text, substring(pg_get_indexdef(c.oid) FROM ' USING (.*)$')
      FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
      WHERE c.relnamespace = 'agentry_memory'::regnamespace AND i.indisunique AND NOT c.relispartition
        AND i.indexprs IS NULL
        AND NOT EXISTS (SELECT FROM own AS k JOIN pg_constraint AS p ON p.oid = k.oid
                        WHERE p.conindid = c.oid AND k.contype IN ('p', 'u'))$$,
    $$VALUES ('agent_memories_idempotency_key',
              'btree (org_id, agent_id, idempotency_key) WHERE (idempotency_key IS NOT NULL)'),
             ('cognitive_views_idempotency_key',
              'btree (org_id, agent_id, idempotency_key) WHERE (idempotency_key IS NOT NULL)'),
             ('organization_models_is_default_key', 'btree (org_id) WHERE is_default')$$,
    'unique indexes beyond those of keys');
-- of concepts, by their owner
SELECT set_eq(
    $$SELECT c.relname::text, regexp_replace(pg_get_indexdef(c.oid), '^.*\m(CASE .*\sEND\)), ?', '', 's'),
             pg_get_expr(i.indexprs, i.indrelid) ~ '^\s*CASE scope\M.*\mELSE agent_id\s+END$'
      FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
      WHERE c.relnamespace = 'agentry_memory'::regnamespace AND i.indisunique AND i.indexprs IS NOT NULL$$,
    $$VALUES ('stable_concepts_canonical_name_key', 'canonical_name) WHERE (NOT is_deprecated)', true),
             ('stable_concepts_version_key', 'canonical_name, version)', true)$$,
    'unique indexes over expressions');
SELECT col_is_pk('agentry_memory', 'event_memory_keys', '{org_id, memory_id, ordinal}'::name[],
                 'one event for each place');
SELECT is((SELECT conname FROM own WHERE relname = 'event_memory_keys' AND contype = 'p'), 'uq_event_per_memory',
          'the key of places has the name of its document');

-- checks, by what follows the table's name, if that begins it
CREATE TEMPORARY TABLE fact (name name, checks text[]) ON COMMIT DROP;
INSERT INTO fact VALUES
    ('agent_memories',
     '{content_check, decay_rate_check, emotional_relevance_check, idempotency_key_check, importance_check,
       location_check, memory_type_check, metadata_check, occurred_at_check, related_check, scope_check, session_check,
       source_check, tags_check, text_check}'),
    ('agent_memory_settings', '{reflection_memories_check, reflection_threshold_check, reflections_a_day_check}'),
    ('cognitive_views',
     '{confidence_check, evidence_count_check, expires_at_check, hypothesis_check, idempotency_key_check,
       initial_confidence_check, promoted_to_check, reason_check, scope_check, source_check, status_check, tags_check,
       validation_count_check, view_type_check}'),
    ('embedding_models', '{dimensions_check, index_method_check, index_options_check, name_check}'),
    ('embedding_queue', '{attempts_check, dead_at_check, lease_until_check, priority_check, status_check}'),
    ('event_memories',
     '{chk_confidence_range, chk_quantity_positive, action_check, metadata_check, ordinal_check, scope_check,
       target_check, timestamp_check, unit_check}'),
    ('memory_access', '{access_count_check}'),
    ('memory_changes', '{entries_check}'),
    ('memory_consolidations', '{consolidation_type_check, source_count_check}'),
    ('memory_entries', '{confidence_check, emotion_check, frequencies_check, importance_check}'),
    ('memory_importance', '{memories_check}'),
    ('memory_links', '{itself_check, kind_check, note_check, relation_check, scope_check, weight_check}'),
    ('memory_sources', '{expressions_check, name_check}'),
    ('memory_vectors', '{embedding_check}'),
    ('raw_memories',
     '{chk_content_or_encrypted, content_check, content_type_check, idempotency_key_check, key_ref_check,
       metadata_check, redaction_reason_check, scope_check, session_order_check}'),
    ('recall_presets',
     '{least_similarity_check, name_check, normalisation_check, recency_hours_check, recency_shape_check,
       recency_since_check, weights_check}'),
    ('stable_concepts',
     '{canonical_name_check, concept_type_check, definition_check, deprecated_at_check, display_name_check,
       forced_against_check, parent_concept_id_check, promotion_confidence_check, reason_check, scope_check, tags_check,
       version_check}');

SELECT is(
    (SELECT array_agg(regexp_replace(k.conname, format('^%s_', f.name), '') ORDER BY k.conname COLLATE "C")
     FROM own AS k
     WHERE k.relname = f.name AND k.contype = 'c'),
    f.checks, 'checks of ' || f.name)
FROM fact AS f;
SELECT set_eq($$SELECT DISTINCT relname FROM own WHERE contype = 'c'$$, 'SELECT name FROM fact',
              'no other table has checks');

SELECT * FROM finish();
ROLLBACK;
