-- Public functions of agentry_memory: arguments, result, volatility, whose rights they have, who may call them.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE fact (name name, arguments name[], result text, volatility text, rights text, callers text)
ON COMMIT DROP;
INSERT INTO fact VALUES
    ('archived_event_memories', '{timestamp with time zone,timestamp with time zone}', 'setof record', 'stable',
     'owner', 'groups'),
    ('archived_raw_memories', '{timestamp with time zone,timestamp with time zone}', 'setof record', 'stable',
     'owner', 'groups'),
    ('claim_embeddings', '{text,integer,interval}', 'setof record', 'volatile', 'owner', 'groups'),
    ('complete_embeddings', '{jsonb,text}', 'integer', 'volatile', 'owner', 'groups'),
    ('delete_raw_memory', '{uuid}', 'bigint', 'volatile', 'owner', 'groups'),
    ('drop_embedding_model', '{text,boolean}', 'bigint', 'volatile', 'caller', 'nobody'),
    ('extend_embeddings', '{jsonb,interval}', 'setof record', 'volatile', 'owner', 'groups'),
    ('fail_embedding', '{bigint,text,bigint,text}', 'text', 'volatile', 'owner', 'groups'),
    ('fail_embeddings', '{jsonb}', 'setof record', 'volatile', 'owner', 'groups'),
    ('fetch_source', '{text,text}', 'jsonb', 'stable', 'caller', 'groups'),
    ('rebuild_embedding_index', '{text}', 'name', 'volatile', 'caller', 'nobody'),
    ('record_event',
     '{uuid,text,text,text,numeric,text,timestamp with time zone,double precision,integer,text,text,jsonb}', 'uuid',
     'volatile', 'owner', 'groups'),
    ('record_events', '{jsonb}', 'uuid[]', 'volatile', 'owner', 'groups'),
    ('redact_raw_memory', '{uuid,text}', 'boolean', 'volatile', 'owner', 'groups'),
    ('register_embedding_model', '{text,integer,text,jsonb}', 'integer', 'volatile', 'caller', 'nobody'),
    ('register_source',
     '{text,regclass,text,text,text,text,text,text,text,text,text,text,text,text,text,text}', 'bigint', 'volatile',
     'caller', 'nobody'),
    ('release_embeddings', '{jsonb}', 'integer', 'volatile', 'owner', 'groups'),
    ('remember_raw',
     '{text,text,text,text,text,text,bytea,text,jsonb,text,bigint,timestamp with time zone,text}', 'uuid', 'volatile',
     'owner', 'groups'),
    ('remember_raw_all', '{jsonb}', 'uuid[]', 'volatile', 'owner', 'groups'),
    ('requeue_embedding', '{bigint,text}', 'void', 'volatile', 'owner', 'groups'),
    ('requeue_embeddings', '{text}', 'bigint', 'volatile', 'owner', 'groups'),
    ('set_default_embedding_model', '{text,boolean}', 'void', 'volatile', 'owner', 'groups'),
    ('stop_embedding_model', '{text}', 'bigint', 'volatile', 'owner', 'groups'),
    ('unregister_source', '{text}', 'bigint', 'volatile', 'caller', 'nobody'),
    ('use_embedding_model', '{text,boolean}', 'bigint', 'volatile', 'owner', 'groups');

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
              '{_fetch_archived, _fetch_query, _has_row, _source}'::name[],
              'internal functions of agentry_memory that others may call');
SELECT set_eq('SELECT DISTINCT proname FROM internal WHERE prosecdef',
              '{_event_memories_delete, _event_memories_insert, _event_memories_truncate, _event_memories_update,
                _fetch_archived, _has_row, _index_rows, _memory_entries_delete, _memory_entries_insert,
                _memory_entries_update, _raw_memories_delete, _raw_memories_insert, _raw_memories_truncate}'::name[],
              'internal functions of agentry_memory with the rights of their owner');

SELECT * FROM finish();
ROLLBACK;
