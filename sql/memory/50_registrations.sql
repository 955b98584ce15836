-- What the semantic index registers with core's registries.

INSERT INTO agentry.maintenance_steps (name, call, run_every, units)
VALUES ('memory.counts', 'SELECT format(''%s changes added up'', agentry_memory._settle_counts())', '1 minute', NULL)
ON CONFLICT (name) DO UPDATE SET call = excluded.call, units = excluded.units;

INSERT INTO agentry.health_checks (name, query, description)
VALUES
    ('memory.counts',
     $$SELECT CASE WHEN max(c.changes) > greatest(1000, max(c.entries) / 100) THEN 'warning' ELSE 'ok' END,
              format('%s changes wait, at most %s of one owner', coalesce(sum(c.changes), 0),
                     coalesce(max(c.changes), 0))
       FROM (SELECT c.org_id, c.owner_id, count(*) AS changes,
                    (SELECT sum(w.entries) FROM agentry_memory.memory_owners AS w
                     WHERE w.org_id = c.org_id AND w.owner_id = c.owner_id) AS entries
             FROM agentry_memory.memory_changes AS c
             GROUP BY c.org_id, c.owner_id) AS c$$,
     'Document frequencies are up to date.  If not, a transaction is open for long, or maintenance does not run.'),
    ('memory.sources',
     $$SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'critical' END,
              coalesce('without triggers: ' || string_agg(s.name, ', ' ORDER BY s.name), 'all have their triggers')
       FROM agentry_memory.memory_sources AS s
       WHERE (SELECT count(*)
              FROM pg_trigger AS t
              WHERE t.tgrelid = s.table_name
                AND t.tgfoid = 'agentry_memory._index_rows'::regproc
                AND t.tgargs = convert_to(s.name, 'UTF8') || '\x00'
                AND t.tgenabled = 'O') <> 4$$,
     'The tables of all sources have the triggers that keep the index.  If not, call register_source() again.'),
    ('memory.vector_schema',
     $$SELECT CASE WHEN bool_or(x.grantee = 0) THEN 'warning' ELSE 'ok' END,
              format('pgvector %s in schema %s', max(e.extversion), max(n.nspname))
       FROM pg_extension AS e
       JOIN pg_namespace AS n ON n.oid = e.extnamespace
       LEFT JOIN aclexplode(n.nspacl) AS x ON x.privilege_type = 'CREATE' AND x.grantee = 0
       WHERE e.extname = 'vector'$$,
     'Nobody may put functions beside those of pgvector.  If everybody may: REVOKE CREATE ON SCHEMA ... FROM PUBLIC.')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, description = excluded.description;

INSERT INTO agentry.metrics (name, query, unit, description)
VALUES
    ('memory.entries',
     'SELECT s.name, count(e.id) FROM agentry_memory.memory_sources AS s '
     'LEFT JOIN agentry_memory.memory_entries AS e ON e.source_id = s.source_id GROUP BY s.name ORDER BY s.name',
     'entries', 'Entries of the semantic index by source.'),
    ('memory.changes', 'SELECT NULL::text, count(*) FROM agentry_memory.memory_changes', 'entries',
     'Entries that are not in the document frequencies yet.')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, unit = excluded.unit, description = excluded.description;

INSERT INTO agentry.tools (name, function, description)
SELECT t.name, t.function, obj_description(t.function, 'pg_proc')
FROM (
    SELECT p.proname::text AS name, p.oid::regprocedure AS function
    FROM pg_proc AS p
    WHERE p.pronamespace = 'agentry_memory'::regnamespace
      AND p.proname IN ('recall', 'recall_within', 'explain_recall', 'fetch_source')) AS t
ON CONFLICT (name) DO UPDATE SET function = excluded.function, description = excluded.description;
