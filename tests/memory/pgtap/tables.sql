-- Tables and views of agentry_memory, their columns and keys.  Blanks in an array literal do not count.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE fact (name name, key name[], columns name[]) ON COMMIT DROP;
INSERT INTO fact VALUES
    ('embedding_models', '{model_id}', '{model_id, name, dimensions, index_method, index_options, created_at}'),
    ('embedding_queue', '{org_id, entry_id, model_id}',
     '{org_id, entry_id, model_id, status, priority, token, attempts, uncounted, available_at, lease_until, dead_at,
       error}'),
    ('event_memories', '{org_id, timestamp, event_id}',
     '{org_id, event_id, timestamp, memory_id, memory_created_at, ordinal, agent_id, user_id, team_id, scope, readers,
       actor, action, target, quantity, unit, confidence, extractor_version, source, metadata, created_at,
       updated_at}'),
    ('event_memory_keys', '{org_id, memory_id, ordinal}', '{org_id, memory_id, ordinal, event_id, timestamp}'),
    ('memory_access', '{org_id, entry_id}', '{org_id, entry_id, access_count, last_accessed}'),
    ('memory_changes', '{org_id, owner_id, id}', '{org_id, owner_id, id, entries, length, terms}'),
    ('memory_entries', '{org_id, id}',
     '{org_id, id, source_id, row_id, owner_id, session_key, position, occurred_at, expires_at, importance, emotion,
       confidence, length, terms, frequencies, tags, content, content_hash, created_at, updated_at}'),
    ('memory_owners', '{org_id, owner_id, id}', '{org_id, owner_id, id, entries, length}'),
    ('memory_sources', '{source_id}', '{source_id, name, table_name, expressions, query, id_type, created_at}'),
    ('memory_terms', '{org_id, term, id}', '{org_id, term, id, entries}'),
    ('memory_vectors', '{org_id, entry_id, model_id}',
     '{org_id, entry_id, model_id, owner_id, content_hash, embedding, created_at}'),
    ('organization_models', '{org_id, model_id}', '{org_id, model_id, is_default, created_at, updated_at}'),
    ('raw_memories', '{org_id, created_at, memory_id}',
     '{org_id, memory_id, created_at, agent_id, user_id, team_id, scope, readers, content_type, content, encrypted,
       key_ref, metadata, session, session_order, idempotency_key, redacted_at, redaction_reason, updated_at}'),
    ('raw_memory_keys', '{org_id, owner_id, idempotency_key}', '{org_id, owner_id, idempotency_key, memory_id}'),
    ('recall_presets', '{name}',
     '{name, lexical, semantic, recency, importance, emotion, frequency, neighbours, normalisation, recency_shape,
       recency_hours, recency_since, least_similarity, description}');

-- months come and go
SELECT set_eq(
    $$SELECT c.relname FROM pg_class AS c
      WHERE c.relnamespace = 'agentry_memory'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition$$,
    'SELECT name FROM fact', 'tables of agentry_memory');
SELECT columns_are('agentry_memory', name, columns, 'columns of ' || name) FROM fact;
SELECT col_is_pk('agentry_memory', name, key, 'primary key of ' || name) FROM fact;
-- tenancy
SELECT is(key[1], 'org_id', 'the primary key of ' || name || ' leads with org_id')
FROM fact WHERE 'org_id' = ANY (columns);
SELECT col_type_is('agentry_memory', name, 'org_id', 'uuid', name || '.org_id is a uuid')
FROM fact WHERE 'org_id' = ANY (columns);
SELECT col_not_null('agentry_memory', name, 'org_id', name || '.org_id is never null')
FROM fact WHERE 'org_id' = ANY (columns);
-- months
SELECT is_partitioned('agentry_memory', t, t || ' is monthly') FROM unnest('{event_memories, raw_memories}'::name[]) AS t;

CREATE TEMPORARY TABLE view_fact (name name, columns name[]) ON COMMIT DROP;
INSERT INTO view_fact VALUES
    ('memory_embeddings', '{id, source_type, source_id, content, embedding, confidence, created_at, updated_at}'),
    ('v_embedding_index_progress',
     '{model, index_name, pid, command, phase, blocks_done, blocks_total, tuples_done, tuples_total, percent}'),
    ('v_embedding_progress',
     '{org_id, model, is_default, entries, embedded, pending, claimed, failed, dead, oldest_pending_age}'),
    ('v_event_memories_all',
     '{org_id, event_id, timestamp, memory_id, memory_created_at, ordinal, agent_id, user_id, team_id, scope, readers,
       actor, action, target, quantity, unit, confidence, extractor_version, source, metadata, created_at, updated_at,
       archived}'),
    ('v_memory_orphans', '{source, id, org_id}'),
    ('v_raw_memories_all',
     '{org_id, memory_id, created_at, agent_id, user_id, team_id, scope, readers, content_type, content, encrypted,
       key_ref, metadata, session, session_order, idempotency_key, redacted_at, redaction_reason, updated_at,
       archived}'),
    ('v_raw_memory_embeddings', '{memory_id, user_id, agent_id, content, created_at, embedding}');

SELECT views_are('agentry_memory', array_agg(name), 'views of agentry_memory') FROM view_fact;
SELECT columns_are('agentry_memory', name, columns, 'columns of ' || name) FROM view_fact;
SELECT ok('security_invoker=true' = ANY (c.reloptions), f.name || ' has the rights of its caller')
FROM view_fact AS f JOIN pg_class AS c ON c.oid = format('agentry_memory.%I', f.name)::regclass;

SELECT * FROM finish();
ROLLBACK;
