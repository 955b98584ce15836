-- Access to the tables of agentry_chat: row-level security, policies, and the privileges of the group roles.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE kind (kind text, guarded boolean, policies name[], writers text[], readers text[])
ON COMMIT DROP;
INSERT INTO kind VALUES
    -- policies tell the rows
    ('rows', true, '{agentry_read, agentry_insert, agentry_update, agentry_delete}',
     '{SELECT, INSERT, UPDATE, DELETE}', '{SELECT}'),
    -- functions only
    ('closed', true, '{}', '{}', '{}');

CREATE TEMPORARY TABLE tables_of (kind text, names name[]) ON COMMIT DROP;
INSERT INTO tables_of VALUES
    ('rows', '{agent_chat, agent_chat_processed}'),
    ('closed', '{agent_chat_breaker_resets, agent_chat_feed_state, agent_chat_told}');

CREATE TEMPORARY TABLE fact ON COMMIT DROP AS
SELECT t.name, k.* FROM tables_of AS o CROSS JOIN unnest(o.names) AS t (name) JOIN kind AS k ON k.kind = o.kind;

SELECT tables_are('agentry_chat', array_agg(name), 'tables of agentry_chat') FROM fact;
SELECT table_owner_is('agentry_chat', name, 'agentry_owner', name || ' belongs to agentry_owner') FROM fact;
-- row-level security is not forced, so that the owner can dump
SELECT is((c.relrowsecurity, c.relforcerowsecurity), (f.guarded, false), 'row-level security of ' || f.name)
FROM fact AS f JOIN pg_class AS c ON c.oid = format('agentry_chat.%I', f.name)::regclass;
SELECT policies_are('agentry_chat', name, policies, 'policies of ' || name) FROM fact;
SELECT table_privs_are('agentry_chat', name, 'public', '{}', 'PUBLIC on ' || name) FROM fact;
SELECT table_privs_are('agentry_chat', name, 'agentry_app', writers, 'agentry_app on ' || name) FROM fact;
SELECT table_privs_are('agentry_chat', name, 'agentry_agent', writers, 'agentry_agent on ' || name) FROM fact;
SELECT table_privs_are('agentry_chat', name, 'agentry_reader', readers, 'agentry_reader on ' || name) FROM fact;

SELECT * FROM finish();
ROLLBACK;
