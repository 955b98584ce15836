-- Access to the tables of agentry_memory: row-level security, policies, and the privileges of the group roles.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE kind (kind text, guarded boolean, app text[], agent text[], reader text[]) ON COMMIT DROP;
INSERT INTO kind VALUES
    -- agents write what is theirs
    ('own', true, '{SELECT, INSERT, DELETE}', '{SELECT, INSERT, DELETE}', '{SELECT}'),
    -- policies tell the rows; no group role deletes
    ('kept', true, '{SELECT, INSERT}', '{SELECT, INSERT}', '{SELECT}'),
    -- registries of the database, which everybody reads
    ('registry', false, '{SELECT}', '{SELECT}', '{SELECT}'),
    -- functions only
    ('closed', true, '{}', '{}', '{}');

CREATE TEMPORARY TABLE tables_of (kind text, names name[]) ON COMMIT DROP;
INSERT INTO tables_of VALUES
    ('own', '{event_memories, raw_memories}'),
    ('kept', '{embedding_queue, memory_entries, memory_vectors, organization_models}'),
    ('registry', '{embedding_models, memory_sources, recall_presets}'),
    ('closed', '{event_memory_keys, memory_access, memory_changes, memory_owners, memory_terms, raw_memory_keys}');

CREATE TEMPORARY TABLE fact ON COMMIT DROP AS
SELECT t.name, k.*, k.guarded AND k.kind <> 'closed' AS written
FROM tables_of AS o CROSS JOIN unnest(o.names) AS t (name) JOIN kind AS k ON k.kind = o.kind;

SELECT set_eq(
    $$SELECT c.relname FROM pg_class AS c
      WHERE c.relnamespace = 'agentry_memory'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition$$,
    'SELECT name FROM fact', 'tables of agentry_memory');
SELECT table_owner_is('agentry_memory', name, 'agentry_owner', name || ' belongs to agentry_owner') FROM fact;
-- row-level security is not forced, so that the owner can dump
SELECT is((c.relrowsecurity, c.relforcerowsecurity), (f.guarded, false), 'row-level security of ' || f.name)
FROM fact AS f JOIN pg_class AS c ON c.oid = format('agentry_memory.%I', f.name)::regclass;
SELECT policies_are('agentry_memory', name,
                    CASE WHEN written THEN '{agentry_read, agentry_insert, agentry_update, agentry_delete}'
                         ELSE '{}' END::name[],
                    'policies of ' || name)
FROM fact;
SELECT table_privs_are('agentry_memory', name, 'public', '{}', 'PUBLIC on ' || name) FROM fact;
SELECT table_privs_are('agentry_memory', name, 'agentry_app', app, 'agentry_app on ' || name) FROM fact;
SELECT table_privs_are('agentry_memory', name, 'agentry_agent', agent, 'agentry_agent on ' || name) FROM fact;
SELECT table_privs_are('agentry_memory', name, 'agentry_reader', reader, 'agentry_reader on ' || name) FROM fact;
-- UPDATE is granted by column: on a table it would include the right to lock it
SELECT any_column_privs_are('agentry_memory', f.name, r.role, '{SELECT, INSERT, UPDATE}',
                            r.role || ' on the columns of ' || f.name)
FROM fact AS f, unnest('{agentry_app, agentry_agent}'::name[]) AS r (role)
WHERE f.written;
-- months are closed doors
SELECT is_empty(
    $$SELECT c.relname FROM pg_class AS c
      WHERE c.relnamespace = 'agentry_memory'::regnamespace AND c.relispartition AND c.relkind = 'r'
        AND (NOT c.relrowsecurity
             OR EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid)
             OR EXISTS (SELECT FROM unnest('{public, agentry_app, agentry_agent, agentry_reader}'::name[]) AS r (role)
                        WHERE has_any_column_privilege(r.role, c.oid, 'SELECT, INSERT, UPDATE')
                           OR has_table_privilege(r.role, c.oid, 'DELETE, TRUNCATE')))$$,
    'nobody has a right on a month');

-- views read with the rights of the caller; nobody writes through them
CREATE TEMPORARY TABLE view_fact (name name) ON COMMIT DROP;
INSERT INTO view_fact
SELECT unnest('{memory_embeddings, v_embedding_index_progress, v_embedding_progress, v_event_memories_all,
                v_memory_orphans, v_raw_memories_all, v_raw_memory_embeddings}'::name[]);

SELECT views_are('agentry_memory', array_agg(name), 'views of agentry_memory') FROM view_fact;
SELECT view_owner_is('agentry_memory', name, 'agentry_owner', name || ' belongs to agentry_owner') FROM view_fact;
SELECT table_privs_are('agentry_memory', f.name, r.role,
                       CASE r.role WHEN 'public' THEN '{}' ELSE '{SELECT}' END::text[], r.role || ' on ' || f.name)
FROM view_fact AS f, unnest('{public, agentry_app, agentry_agent, agentry_reader}'::name[]) AS r (role);

SELECT * FROM finish();
ROLLBACK;
