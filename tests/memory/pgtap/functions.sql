-- Public functions of agentry_memory: arguments, result, volatility, whose rights they have, who may call them.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE fact (name name, arguments name[], result text, volatility text, rights text, callers text)
ON COMMIT DROP;
INSERT INTO fact VALUES
    ('add_evidence', '{uuid,text,uuid,boolean,text,double precision}', 'boolean', 'volatile', 'owner', 'groups'),
    ('archive_memory', '{uuid,boolean}', 'void', 'volatile', 'caller', 'groups'),
    ('archived_event_memories', '{timestamp with time zone,timestamp with time zone}', 'setof record', 'stable',
     'owner', 'groups'),
    ('archived_raw_memories', '{timestamp with time zone,timestamp with time zone}', 'setof record', 'stable',
     'owner', 'groups'),
    ('claim_embeddings', '{text,integer,interval}', 'setof record', 'volatile', 'owner', 'groups'),
    ('complete_embeddings', '{jsonb,text}', 'integer', 'volatile', 'owner', 'groups'),
    ('concept_history', '{text,text}', 'setof record', 'stable', 'owner', 'groups'),
    ('consolidate', '{text,text,uuid[],jsonb,text,boolean,text,text[],timestamp with time zone,vector,text}', 'uuid',
     'volatile', 'owner', 'groups'),
    ('consolidate', '{text,text,uuid[],text,text,boolean,text,text[],timestamp with time zone,vector,text}', 'uuid',
     'volatile', 'owner', 'groups'),
    ('consolidations_due',
     '{text,double precision,double precision,double precision,interval,integer,integer,timestamp with time zone}',
     'setof record', 'stable', 'owner', 'groups'),
    ('delete_raw_memory', '{uuid}', 'bigint', 'volatile', 'owner', 'groups'),
    ('deprecate_concept', '{uuid,text}', 'void', 'volatile', 'owner', 'groups'),
    ('derive_view', '{text,text,uuid[],text,double precision,text,interval,text,text[],text,text}', 'uuid', 'volatile',
     'owner', 'groups'),
    ('drop_embedding_model', '{text,boolean}', 'bigint', 'volatile', 'caller', 'nobody'),
    ('expire_memories', '{integer}', 'bigint', 'volatile', 'caller', 'nobody'),
    ('expire_views', '{interval,integer}', 'record', 'volatile', 'caller', 'nobody'),
    ('explain_recall',
     '{text,vector,text,integer,text[],text,timestamp with time zone,timestamp with time zone,text[],text,jsonb,text,
       timestamp with time zone}', 'setof record', 'stable', 'owner', 'groups'),
    ('extend_embeddings', '{jsonb,interval}', 'setof record', 'volatile', 'owner', 'groups'),
    ('fail_embedding', '{bigint,text,bigint,text}', 'text', 'volatile', 'owner', 'groups'),
    ('fail_embeddings', '{jsonb}', 'setof record', 'volatile', 'owner', 'groups'),
    ('fetch_source', '{text,text}', 'jsonb', 'stable', 'caller', 'groups'),
    ('forget_memory', '{uuid}', 'void', 'volatile', 'caller', 'groups'),
    ('link_memories', '{jsonb}', 'bigint', 'volatile', 'owner', 'groups'),
    ('link_memories', '{text,uuid,text,uuid,text,text,double precision,text}', 'boolean', 'volatile', 'owner',
     'groups'),
    ('mark_recalled', '{text,text[],text}', 'integer', 'volatile', 'owner', 'groups'),
    ('memory_channel', '{}', 'text', 'stable', 'owner', 'groups'),
    ('memory_evidence', '{text,uuid,integer,integer}', 'setof record', 'stable', 'caller', 'groups'),
    ('memory_settings', '{text}', 'record', 'stable', 'owner', 'groups'),
    ('promote_view', '{uuid,text,jsonb,text,boolean}', 'uuid', 'volatile', 'owner', 'groups'),
    ('promotion_verdict', '{uuid,timestamp with time zone}', 'record', 'stable', 'owner', 'groups'),
    ('rebuild_embedding_index', '{text}', 'name', 'volatile', 'caller', 'nobody'),
    ('recall',
     '{text,vector,text,integer,text[],text,timestamp with time zone,timestamp with time zone,text[],text,jsonb,text,
       timestamp with time zone}', 'setof record', 'stable', 'owner', 'groups'),
    ('recall_within',
     '{integer,text,vector,text,text[],text,timestamp with time zone,timestamp with time zone,text[],text,jsonb,text,
       timestamp with time zone}', 'setof record', 'stable', 'caller', 'groups'),
    ('record_event',
     '{uuid,text,text,text,numeric,text,timestamp with time zone,double precision,integer,text,text,jsonb}', 'uuid',
     'volatile', 'owner', 'groups'),
    ('record_events', '{jsonb}', 'uuid[]', 'volatile', 'owner', 'groups'),
    ('record_metacognition',
     '{text,text,text[],text[],text,double precision,uuid[],boolean,text,timestamp with time zone,vector,text}', 'uuid',
     'volatile', 'owner', 'groups'),
    ('record_reflection',
     '{text,text,text[],uuid[],text[],double precision,text[],text,timestamp with time zone,vector,text}', 'uuid',
     'volatile', 'owner', 'groups'),
    ('redact_raw_memory', '{uuid,text}', 'boolean', 'volatile', 'owner', 'groups'),
    ('reflections_due', '{text,timestamp with time zone}', 'setof record', 'stable', 'owner', 'groups'),
    ('register_embedding_model', '{text,integer,text,jsonb}', 'integer', 'volatile', 'caller', 'nobody'),
    ('register_source',
     '{text,regclass,text,text,text,text,text,text,text,text,text,text,text,text,text,text}', 'bigint', 'volatile',
     'caller', 'nobody'),
    ('reject_view', '{uuid,text}', 'void', 'volatile', 'owner', 'groups'),
    ('release_embeddings', '{jsonb}', 'integer', 'volatile', 'owner', 'groups'),
    ('remember',
     '{text,jsonb,text,double precision,double precision,text[],text[],text[],text,text,bigint,timestamp with time zone,
       timestamp with time zone,boolean,double precision,text,jsonb,text,text,vector,text}',
     'uuid', 'volatile', 'owner', 'groups'),
    ('remember',
     '{text,text,text,double precision,double precision,text[],text[],text[],text,text,bigint,timestamp with time zone,
       timestamp with time zone,boolean,double precision,text,jsonb,text,text,vector,text}',
     'uuid', 'volatile', 'owner', 'groups'),
    ('remember_all', '{jsonb}', 'uuid[]', 'volatile', 'owner', 'groups'),
    ('remember_raw',
     '{text,text,text,text,text,text,bytea,text,jsonb,text,bigint,timestamp with time zone,text}', 'uuid', 'volatile',
     'owner', 'groups'),
    ('remember_raw_all', '{jsonb}', 'uuid[]', 'volatile', 'owner', 'groups'),
    ('requeue_embedding', '{bigint,text}', 'void', 'volatile', 'owner', 'groups'),
    ('requeue_embeddings', '{text}', 'bigint', 'volatile', 'owner', 'groups'),
    ('set_default_embedding_model', '{text,boolean}', 'void', 'volatile', 'owner', 'groups'),
    ('set_memory_settings', '{text,double precision,integer,integer}', 'void', 'volatile', 'owner', 'groups'),
    ('stop_embedding_model', '{text}', 'bigint', 'volatile', 'owner', 'groups'),
    ('undo_consolidation', '{uuid}', 'bigint', 'volatile', 'owner', 'groups'),
    ('unlink_memories', '{text,uuid,text,uuid,text,text}', 'boolean', 'volatile', 'owner', 'groups'),
    ('unregister_source', '{text}', 'bigint', 'volatile', 'caller', 'nobody'),
    ('use_embedding_model', '{text,boolean}', 'bigint', 'volatile', 'owner', 'groups'),
    ('validate_view', '{uuid,interval}', 'integer', 'volatile', 'owner', 'groups'),
    ('withdraw_evidence', '{uuid,text,uuid}', 'boolean', 'volatile', 'owner', 'groups');

SELECT set_eq(
    $$SELECT proname, oidvectortypes(proargtypes) FROM pg_proc
      WHERE pronamespace = 'agentry_memory'::regnamespace
        AND proname NOT LIKE '\_%' AND prorettype <> 'trigger'::regtype$$,
    $$SELECT name, array_to_string(arguments, ', ') FROM fact$$, 'public functions of agentry_memory');
SELECT function_returns('agentry_memory', name, arguments, result, name || ' returns ' || result) FROM fact;
SELECT volatility_is('agentry_memory', name, arguments, volatility, name || ' is ' || volatility) FROM fact;
SELECT is_definer('agentry_memory', name, arguments, name || ' has the rights of its owner')
FROM fact WHERE rights = 'owner';
SELECT isnt_definer('agentry_memory', name, arguments, name || ' has the rights of its caller')
FROM fact WHERE rights = 'caller';
SELECT function_owner_is('agentry_memory', name, arguments, 'agentry_owner', name || ' belongs to agentry_owner')
FROM fact;
SELECT function_privs_are('agentry_memory', f.name, f.arguments, r.role,
                          CASE WHEN f.callers = 'groups' AND r.role <> 'public' THEN '{EXECUTE}' ELSE '{}' END::text[],
                          r.role || ' on ' || f.name)
FROM fact AS f, unnest('{public,agentry_app,agentry_agent,agentry_reader}'::name[]) AS r (role);

-- internal functions: most are out of reach, and have the rights of their caller
CREATE TEMPORARY TABLE internal ON COMMIT DROP AS
SELECT p.proname, p.prosecdef,
       EXISTS (SELECT FROM unnest('{public,agentry_app,agentry_agent,agentry_reader}'::name[]) AS r (role)
               WHERE has_function_privilege(r.role, p.oid, 'EXECUTE')) AS reached
FROM pg_proc AS p
WHERE p.pronamespace = 'agentry_memory'::regnamespace AND p.proname LIKE '\_%';
SELECT set_eq('SELECT DISTINCT proname FROM internal WHERE reached',
              '{_agent_name, _check_given, _fetch_archived, _fetch_query, _has_row, _link_contents, _memory_access,
                _metacognition_content, _refuse_memory, _source, _texts}'::name[],
              'internal functions of agentry_memory that others may call');
SELECT set_eq('SELECT DISTINCT proname FROM internal WHERE prosecdef',
              '{_agent_memories_insert, _agent_memories_text, _agent_memories_update, _agents_in_memory,
                _cognitive_views_counts, _event_memories_delete, _event_memories_insert, _event_memories_truncate,
                _event_memories_update, _fetch_archived, _follow_links, _has_row, _index_rows, _memory_access,
                _memory_consolidations_delete, _memory_entries_delete, _memory_entries_insert, _memory_entries_update,
                _memory_links_ends, _memory_links_views_delete, _memory_links_views_insert,
                _memory_links_views_truncate, _memory_links_views_update, _raw_memories_delete, _raw_memories_insert,
                _raw_memories_truncate, _settings_memory_language, _users_in_memory}'::name[],
              'internal functions of agentry_memory with the rights of their owner');

SELECT * FROM finish();
ROLLBACK;
