-- Tables and views of agentry_chat, their columns and keys.  Blanks in an array literal do not count.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE fact (name name, key name[], columns name[]) ON COMMIT DROP;
INSERT INTO fact VALUES
    ('agent_chat', '{org_id, id}',
     '{org_id, id, sender, message, recipients, reply_to, thread, priority, expires_at, idempotency_key, timestamp,
       position, shape, readers, announce, by_hand}'),
    ('agent_chat_bounds', '{org_id, agent, id}', '{org_id, agent, id, bound, next_bound, next_xid}'),
    ('agent_chat_breaker_resets', '{org_id, sender}', '{org_id, sender, reset_at}'),
    ('agent_chat_feed_state', '{org_id}', '{org_id, system_identifier, position_offset, notify}'),
    ('agent_chat_processed', '{org_id, agent, chat_id}',
     '{org_id, chat_id, agent, sender, status, priority, attempts, uncounted, available_at, lease_until, expires_at,
       received_at, routed_at, responded_at, settled_at, dead_at, error_message, by_hand}'),
    ('agent_chat_told', '{org_id, agent, id}', '{org_id, agent, id}');

SELECT tables_are('agentry_chat', array_agg(name), 'tables of agentry_chat') FROM fact;
SELECT columns_are('agentry_chat', name, columns, 'columns of ' || name) FROM fact;
SELECT col_is_pk('agentry_chat', name, key, 'primary key of ' || name) FROM fact;
-- tenancy
SELECT is(key[1], 'org_id', 'the primary key of ' || name || ' leads with org_id')
FROM fact WHERE 'org_id' = ANY (columns);
SELECT col_type_is('agentry_chat', name, 'org_id', 'uuid', name || '.org_id is a uuid')
FROM fact WHERE 'org_id' = ANY (columns);
SELECT col_not_null('agentry_chat', name, 'org_id', name || '.org_id is never null')
FROM fact WHERE 'org_id' = ANY (columns);

CREATE TEMPORARY TABLE view_fact (name name, columns name[]) ON COMMIT DROP;
INSERT INTO view_fact VALUES
    ('v_agent_chat_recent', '{id, sender, message, recipients, reply_to, timestamp, thread, priority, expires_at}'),
    ('v_agent_chat_stats', '{agent, pending, leased, dead, oldest_pending_age}'),
    ('v_agent_inbox',
     '{agent, chat_id, sender, message, reply_to, thread, priority, status, attempts, available_at, lease_until,
       error_message, timestamp}'),
    ('v_agent_threads', '{thread, started_at, last_at, messages, senders, first_message, last_message}'),
    ('v_dead_letters', '{agent, chat_id, sender, message, attempts, error_message, dead_at, timestamp}');

SELECT views_are('agentry_chat', array_agg(name), 'views of agentry_chat') FROM view_fact;
SELECT columns_are('agentry_chat', name, columns, 'columns of ' || name) FROM view_fact;
SELECT ok('security_invoker=true' = ANY (c.reloptions), f.name || ' has the rights of its caller')
FROM view_fact AS f JOIN pg_class AS c ON c.oid = format('agentry_chat.%I', f.name)::regclass;

SELECT col_type_is('agentry_chat', t, 'id', 'bigint', t || '.id is bigint')
FROM unnest('{agent_chat, agent_chat_bounds, agent_chat_told}'::name[]) AS t;

SELECT * FROM finish();
ROLLBACK;
