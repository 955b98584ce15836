-- Triggers of the tables of agentry_chat.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE fact (name name, audited boolean, stamped boolean, own name[]) ON COMMIT DROP;
INSERT INTO fact VALUES
    ('agent_chat', false, false,
     '{agent_chat_delivered, agent_chat_immutable, agent_chat_notify, agent_chat_references}'),
    ('agent_chat_bounds', false, false, '{}'),
    ('agent_chat_breaker_resets', false, false, '{}'),
    ('agent_chat_feed_state', false, false, '{}'),
    ('agent_chat_processed', false, false, '{agent_chat_processed_references, agent_chat_processed_reopened}'),
    ('agent_chat_told', false, false, '{}');

SELECT tables_are('agentry_chat', array_agg(name), 'tables of agentry_chat') FROM fact;
SELECT triggers_are('agentry_chat', name,
                    '{agentry_10_access}'
                    || CASE WHEN audited THEN '{agentry_90_audit_delete, agentry_90_audit_insert,
                                                agentry_90_audit_truncate, agentry_90_audit_update}' END::name[]
                    || CASE WHEN stamped THEN '{agentry_50_updated_at}' END::name[]
                    || own,
                    'triggers of ' || name)
FROM fact;
SELECT is_empty(
    $$SELECT t.tgrelid::regclass, t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
      WHERE c.relnamespace = 'agentry_chat'::regnamespace AND t.tgenabled <> 'O'$$,
    'every trigger is on');

SELECT * FROM finish();
ROLLBACK;
