-- Access to the tables of agentry: row-level security, policies, and the privileges of the group roles.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE kind (kind text, guarded boolean, app text[], agent text[], reader text[]) ON COMMIT DROP;
INSERT INTO kind VALUES
    -- policies tell the rows; applications delete
    ('rows', true, '{SELECT, INSERT, DELETE}', '{SELECT, INSERT}', '{SELECT}'),
    -- agents delete too
    ('own', true, '{SELECT, INSERT, DELETE}', '{SELECT, INSERT, DELETE}', '{SELECT}'),
    -- no group role deletes
    ('kept', true, '{SELECT, INSERT}', '{SELECT, INSERT}', '{SELECT}'),
    -- some columns are hidden: SELECT is granted by column
    ('hidden', true, '{INSERT, DELETE}', '{INSERT}', '{}'),
    -- both
    ('hidden, kept', true, '{INSERT}', '{INSERT}', '{}'),
    -- everybody reads all of it, nobody writes
    ('list', false, '{SELECT}', '{SELECT}', '{SELECT}'),
    -- functions only
    ('closed', true, '{}', '{}', '{}');

CREATE TEMPORARY TABLE tables_of (kind text, names name[]) ON COMMIT DROP;
INSERT INTO tables_of VALUES
    ('rows', '{agent_aliases, agent_domains, agents, legal_holds, settings, teams}'),
    ('own', '{pii_vault}'),
    ('kept', '{audit_images, audit_log, erasures, organizations, service_roles}'),
    ('hidden', '{users}'),
    ('hidden, kept', '{api_keys}'),
    ('list', '{access_rules, guarded_tables, health_checks, installed_modules, maintenance_steps, metrics,
        partition_hooks, partition_policies, personal_data, retention_rules, setting_types, tools}'),
    ('closed', '{login_sessions, secrets}');

CREATE TEMPORARY TABLE fact ON COMMIT DROP AS
SELECT t.name, k.*, k.guarded AND k.kind <> 'closed' AS written
FROM tables_of AS o CROSS JOIN unnest(o.names) AS t (name) JOIN kind AS k ON k.kind = o.kind;

SELECT tables_are('agentry', array_agg(name), 'tables of agentry') FROM fact;
SELECT table_owner_is('agentry', name, 'agentry_owner', name || ' belongs to agentry_owner') FROM fact;
-- row-level security is not forced, so that the owner can dump
SELECT is((c.relrowsecurity, c.relforcerowsecurity), (f.guarded, false), 'row-level security of ' || f.name)
FROM fact AS f JOIN pg_class AS c ON c.oid = format('agentry.%I', f.name)::regclass;
SELECT policies_are('agentry', name,
                    CASE WHEN written THEN '{agentry_read, agentry_insert, agentry_update, agentry_delete}'
                         ELSE '{}' END::name[],
                    'policies of ' || name)
FROM fact;
SELECT table_privs_are('agentry', name, 'public', '{}', 'PUBLIC on ' || name) FROM fact;
SELECT table_privs_are('agentry', name, 'agentry_app', app, 'agentry_app on ' || name) FROM fact;
SELECT table_privs_are('agentry', name, 'agentry_agent', agent, 'agentry_agent on ' || name) FROM fact;
SELECT table_privs_are('agentry', name, 'agentry_reader', reader, 'agentry_reader on ' || name) FROM fact;
-- UPDATE is granted by column: on a table it would include the right to lock it
SELECT any_column_privs_are('agentry', f.name, r.role, '{SELECT, INSERT, UPDATE}',
                            r.role || ' on the columns of ' || f.name)
FROM fact AS f, unnest('{agentry_app, agentry_agent}'::name[]) AS r (role)
WHERE f.written;

-- columns that nobody but the owner reads
SELECT column_privs_are('agentry', f.name, f.hidden, r.role,
                        CASE r.role WHEN 'agentry_reader' THEN '{}' ELSE '{INSERT, UPDATE}' END::text[],
                        r.role || ' on ' || f.name || '.' || f.hidden)
FROM (VALUES ('api_keys', 'key_hash'), ('users', 'hashed_password')) AS f (name, hidden),
     unnest('{agentry_app,agentry_agent,agentry_reader}'::name[]) AS r (role);

-- views read with the rights of the caller; nobody writes through them
CREATE TEMPORARY TABLE view_fact (name name) ON COMMIT DROP;
INSERT INTO view_fact
SELECT unnest('{v_api_keys, v_audit, v_health, v_metrics, v_settings, v_table_access}'::name[]);

SELECT views_are('agentry', array_agg(name), 'views of agentry') FROM view_fact;
SELECT view_owner_is('agentry', name, 'agentry_owner', name || ' belongs to agentry_owner') FROM view_fact;
SELECT table_privs_are('agentry', f.name, r.role, CASE r.role WHEN 'public' THEN '{}' ELSE '{SELECT}' END::text[],
                       r.role || ' on ' || f.name)
FROM view_fact AS f, unnest('{public, agentry_app, agentry_agent, agentry_reader}'::name[]) AS r (role);

SELECT * FROM finish();
ROLLBACK;
