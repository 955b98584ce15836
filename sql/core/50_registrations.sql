-- What core registers with its own registries.

INSERT INTO agentry.maintenance_steps (name, call, run_every, units)
VALUES
    ('core.partitions', 'SELECT format(''%s made'', cardinality(agentry.ensure_partitions($1)))', '1 hour',
     'SELECT p.table_name::text FROM agentry.partition_policies AS p ORDER BY p.table_name::text COLLATE "C"'),
    ('core.retirement', 'SELECT format(''%s retired'', agentry._retire_partition($1::regclass))', '1 hour',
     'SELECT p::text FROM agentry._due_partitions() AS p'),
    ('core.seal_audit', 'SELECT format(''%s entries sealed'', agentry.seal_audit())', '1 minute', NULL),
    ('core.validate_keys', 'SELECT format(''%s keys validated'', agentry.validate_keys())', '1 minute', NULL)
ON CONFLICT (name) DO UPDATE SET call = excluded.call, units = excluded.units;

INSERT INTO agentry.health_checks (name, query, description)
VALUES
    ('core.roles',
     $$SELECT CASE WHEN count(*) = 3 THEN 'ok' ELSE 'warning' END, format('%s of 3 group roles exist', count(*))
       FROM pg_roles WHERE rolname IN ('agentry_app', 'agentry_agent', 'agentry_reader')$$,
     'The group roles exist.  If not, run roles.sql, then SELECT agentry.install().'),
    ('core.install',
     $$SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warning' END,
              concat_ws('; ', 'code ' || agentry.version(), string_agg(s.module || ' ' || s.reason, ', '))
       FROM agentry._stale_modules() AS s$$,
     'The tables were made by the code that is here.  If not, run SELECT agentry.install().'),
    ('core.partitions',
     $$SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warning' END,
              coalesce(string_agg(t.trouble, '; '), 'all months are there')
       FROM agentry._partition_troubles() AS t$$,
     'Monthly tables have their months ahead, nothing waits in a default partition, old months have retired.  If not, '
     'CALL agentry.run_maintenance(true) and read what it says.'),
    ('core.keys',
     $$SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warning' END,
              coalesce('not proved: ' || string_agg(format('%s of %s', k.conname, k.conrelid::regclass), ', '
                                                    ORDER BY k.conrelid, k.conname), 'all keys are proved')
       FROM pg_constraint AS k
       WHERE k.contype = 'f'
         AND NOT k.convalidated
         AND k.conparentid = 0
         AND k.confrelid IN (SELECT p.table_name FROM agentry.partition_policies AS p)$$,
     'Foreign keys into monthly tables are valid; for a minute after a move of rows they are not.  If it lasts, a '
     'reference is missing: CALL agentry.run_maintenance(true) and read what it says.'),
    ('core.maintenance',
     $$SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warning' END,
              coalesce('overdue: ' || string_agg(s.name, ', ' ORDER BY s.name), 'all steps ran in time')
       FROM agentry.maintenance_steps AS s
       WHERE coalesce(s.last_run, (SELECT min(i.installed_at) FROM agentry.installed_modules AS i))
             + 3 * s.run_every + interval '1 hour' < agentry._clock()$$,
     'Maintenance runs.  If not, CALL agentry.run_maintenance(), or agentry.schedule_maintenance() where pg_cron is.'),
    ('core.audit',
     $$SELECT CASE WHEN min(l.at) < agentry._clock() - interval '1 day' THEN 'warning' ELSE 'ok' END,
              concat_ws(', ', format('%s entries not sealed yet', count(*)), 'the oldest of ' || min(l.at))
       FROM agentry.audit_log AS l WHERE l.position IS NULL$$,
     'The audit log is sealed.  If not, look for a transaction that has been open for long, and run the maintenance.')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, description = excluded.description;

INSERT INTO agentry.metrics (name, query, unit, description)
VALUES
    ('core.agents', 'SELECT status, count(*) FROM agentry.agents GROUP BY status ORDER BY status', 'agents',
     'Agents by status.'),
    ('core.sessions',
     'SELECT NULL::text, count(*) FROM agentry.login_sessions WHERE ended_at IS NULL AND expires_at > agentry._clock()',
     'sessions', 'Sessions that are open.'),
    ('core.audit_unsealed', 'SELECT NULL::text, count(*) FROM agentry.audit_log WHERE position IS NULL', 'entries',
     'Entries of the audit log that are not chained yet.')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, unit = excluded.unit, description = excluded.description;

INSERT INTO agentry.tools (name, function, description)
SELECT t.name, t.function, obj_description(t.function, 'pg_proc')
FROM (VALUES
    ('whoami', 'agentry.whoami()'::regprocedure),
    ('help', 'agentry.help(text)'::regprocedure)) AS t (name, function)
ON CONFLICT (name) DO UPDATE SET function = excluded.function, description = excluded.description;
