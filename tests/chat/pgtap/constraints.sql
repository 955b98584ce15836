-- Constraints of agentry_chat: unique keys, references, checks.
BEGIN;
SELECT no_plan();

SELECT fk_ok('agentry_chat', f.name, f.columns, f.to_schema, f.to_name, f.to_columns,
             format('%s %s refers to %s', f.name, f.columns, f.to_name))
FROM (VALUES
    ('agent_chat',           '{org_id,reply_to}'::name[], 'agentry_chat', 'agent_chat', '{org_id,id}'::name[]),
    ('agent_chat_breaker_resets', '{org_id,sender}',      'agentry',      'agents',     '{org_id,name}')
) AS f (name, columns, to_schema, to_name, to_columns);

SELECT results_eq(
    $$SELECT count(*)::integer FROM pg_constraint
      WHERE connamespace = 'agentry_chat'::regnamespace AND contype = 'f' AND conparentid = 0$$,
    ARRAY[2], 'no other references');
-- what else they do than refuse
SELECT set_eq(
    $$SELECT conname::text, substring(pg_get_constraintdef(oid) FROM ' (ON .*|DEFERRABLE.*)$') FROM pg_constraint
      WHERE connamespace = 'agentry_chat'::regnamespace AND contype = 'f' AND conparentid = 0
        AND (confdeltype <> 'a' OR confupdtype <> 'a' OR condeferrable)$$,
    $$VALUES ('agent_chat_breaker_resets_sender_fkey', 'ON DELETE CASCADE')$$,
    'references that act');

SELECT results_eq(
    $$SELECT count(*)::integer FROM pg_constraint WHERE connamespace = 'agentry_chat'::regnamespace AND contype = 'u'$$,
    ARRAY[0], 'no other unique keys');
SELECT set_eq(
    $$SELECT c.relname::text, substring(pg_get_indexdef(c.oid) FROM ' USING (.*)$')
      FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
      WHERE c.relnamespace = 'agentry_chat'::regnamespace AND i.indisunique AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u'))$$,
    $$VALUES ('agent_chat_idempotency_key',
              'btree (org_id, sender, idempotency_key) WHERE (idempotency_key IS NOT NULL)')$$,
    'unique indexes beyond those of keys');

-- checks, by what follows the table's name
CREATE TEMPORARY TABLE fact (name name, checks text[]) ON COMMIT DROP;
INSERT INTO fact VALUES
    ('agent_chat', '{check}'),
    ('agent_chat_processed', '{status_check}'),
    ('agent_chat_feed_state', '{position_offset_check}');

SELECT is(
    (SELECT array_agg(substr(k.conname, length(f.name) + 2) ORDER BY k.conname COLLATE "C")
     FROM pg_constraint AS k
     WHERE k.conrelid = format('agentry_chat.%I', f.name)::regclass AND k.contype = 'c'),
    f.checks, 'checks of ' || f.name)
FROM fact AS f;
SELECT set_eq(
    $$SELECT DISTINCT c.relname FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
      WHERE k.connamespace = 'agentry_chat'::regnamespace AND k.contype = 'c' AND NOT c.relispartition$$,
    'SELECT name FROM fact', 'no other table has checks');

SELECT * FROM finish();
ROLLBACK;
