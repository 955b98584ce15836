-- Triggers of the tables of agentry.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE fact (name name, audited boolean, stamped boolean, own name[]) ON COMMIT DROP;
INSERT INTO fact VALUES
    ('access_rules', true, false, '{agentry_60_unchanged, access_rules_describe}'),
    ('agent_aliases', true, false, '{agent_aliases_protect}'),
    ('agent_domains', true, false, '{}'),
    -- of chat and memory, but for the last
    ('agents', true, true, '{agents_in_chat, agents_in_memory, agents_protect}'),
    ('api_keys', true, false, '{}'),
    ('audit_images', false, false, '{audit_images_immutable, audit_images_immutable_truncate}'),
    ('audit_log', false, false, '{audit_log_immutable, audit_log_immutable_truncate}'),
    ('erasures', false, false, '{}'),
    ('guarded_tables', false, false, '{agentry_60_unchanged}'),
    ('health_checks', false, false, '{agentry_60_unchanged}'),
    ('installed_modules', false, true, '{agentry_60_unchanged}'),
    ('legal_holds', true, false, '{}'),
    ('login_sessions', false, false, '{}'),
    ('maintenance_steps', false, false, '{agentry_60_unchanged}'),
    ('metrics', false, false, '{agentry_60_unchanged}'),
    ('organizations', true, true, '{}'),
    ('partition_hooks', false, false, '{agentry_60_unchanged}'),
    ('partition_policies', true, false, '{agentry_60_unchanged}'),
    ('personal_data', true, false, '{agentry_60_unchanged}'),
    ('pii_vault', false, false, '{}'),
    ('retention_rules', true, false, '{agentry_60_unchanged}'),
    ('secrets', false, false, '{}'),
    ('service_roles', true, false, '{service_roles_protect}'),
    ('setting_types', false, false, '{agentry_60_unchanged}'),
    ('settings', true, true, '{settings_check, settings_in_chat, settings_memory_language}'),  -- chat's and memory's
    ('teams', true, true, '{}'),
    ('tools', false, false, '{agentry_60_unchanged}'),
    ('users', true, true, '{users_in_memory}');  -- memory's

SELECT tables_are('agentry', array_agg(name), 'tables of agentry') FROM fact;
SELECT triggers_are('agentry', name,
                    '{agentry_10_access}'
                    || CASE WHEN audited THEN '{agentry_90_audit_delete, agentry_90_audit_insert,
                                                agentry_90_audit_truncate, agentry_90_audit_update}' END::name[]
                    || CASE WHEN stamped THEN '{agentry_50_updated_at}' END::name[]
                    || own,
                    'triggers of ' || name)
FROM fact;
SELECT is_empty(
    $$SELECT t.tgrelid::regclass, t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
      WHERE c.relnamespace = 'agentry'::regnamespace AND t.tgenabled <> 'O'$$,
    'every trigger is on');

SELECT * FROM finish();
ROLLBACK;
