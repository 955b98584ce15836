-- Access to the tables of agentry_chat: row-level security, policies, and the privileges of the group roles.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE kind (kind text, guarded boolean, app text[], agent text[], reader text[]) ON COMMIT DROP;
INSERT INTO kind VALUES
    -- policies tell the rows; no group role deletes
    ('kept', true, '{SELECT, INSERT}', '{SELECT, INSERT}', '{SELECT}'),
    -- functions only
    ('closed', true, '{}', '{}', '{}');

CREATE TEMPORARY TABLE tables_of (kind text, names name[]) ON COMMIT DROP;
INSERT INTO tables_of VALUES
    ('kept', '{agent_chat, agent_chat_processed}'),
    ('closed', '{agent_chat_bounds, agent_chat_breaker_resets, agent_chat_feed_state, agent_chat_told}');

CREATE TEMPORARY TABLE fact ON COMMIT DROP AS
SELECT t.name, k.*, k.guarded AND k.kind <> 'closed' AS written
FROM tables_of AS o CROSS JOIN unnest(o.names) AS t (name) JOIN kind AS k ON k.kind = o.kind;

SELECT tables_are('agentry_chat', array_agg(name), 'tables of agentry_chat') FROM fact;
SELECT table_owner_is('agentry_chat', name, 'agentry_owner', name || ' belongs to agentry_owner') FROM fact;
-- row-level security is not forced, so that the owner can dump
SELECT is((c.relrowsecurity, c.relforcerowsecurity), (f.guarded, false), 'row-level security of ' || f.name)
FROM fact AS f JOIN pg_class AS c ON c.oid = format('agentry_chat.%I', f.name)::regclass;
SELECT policies_are('agentry_chat', name,
                    CASE WHEN written THEN '{agentry_read, agentry_insert, agentry_update, agentry_delete}'
                         ELSE '{}' END::name[],
                    'policies of ' || name)
FROM fact;
SELECT table_privs_are('agentry_chat', name, 'public', '{}', 'PUBLIC on ' || name) FROM fact;
SELECT table_privs_are('agentry_chat', name, 'agentry_app', app, 'agentry_app on ' || name) FROM fact;
SELECT table_privs_are('agentry_chat', name, 'agentry_agent', agent, 'agentry_agent on ' || name) FROM fact;
SELECT table_privs_are('agentry_chat', name, 'agentry_reader', reader, 'agentry_reader on ' || name) FROM fact;
-- UPDATE is granted by column: on a table it would include the right to lock it
SELECT any_column_privs_are('agentry_chat', f.name, r.role, '{SELECT, INSERT, UPDATE}',
                            r.role || ' on the columns of ' || f.name)
FROM fact AS f, unnest('{agentry_app, agentry_agent}'::name[]) AS r (role)
WHERE f.written;

-- views read with the rights of the caller; nobody writes through them
CREATE TEMPORARY TABLE view_fact (name name) ON COMMIT DROP;
INSERT INTO view_fact
SELECT unnest('{v_agent_chat_recent, v_agent_chat_stats, v_agent_inbox, v_agent_threads, v_dead_letters}'::name[]);

SELECT views_are('agentry_chat', array_agg(name), 'views of agentry_chat') FROM view_fact;
SELECT view_owner_is('agentry_chat', name, 'agentry_owner', name || ' belongs to agentry_owner') FROM view_fact;
SELECT table_privs_are('agentry_chat', f.name, r.role, CASE r.role WHEN 'public' THEN '{}' ELSE '{SELECT}' END::text[],
                       r.role || ' on ' || f.name)
FROM view_fact AS f, unnest('{public, agentry_app, agentry_agent, agentry_reader}'::name[]) AS r (role);

SELECT * FROM finish();
ROLLBACK;
