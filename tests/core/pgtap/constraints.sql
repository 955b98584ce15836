-- Constraints of agentry: unique keys, references, checks.
BEGIN;
SELECT no_plan();

SELECT col_is_unique('agentry', f.name, f.columns, f.name || ': ' || f.columns::text || ' is unique')
FROM (VALUES
    ('agent_aliases',  '{org_id,alias}'::name[]),
    ('agents',         '{db_role}'),
    ('agents',         '{org_id,name}'),
    ('api_keys',       '{key_hash}'),
    ('login_sessions', '{token_hash}'),
    ('organizations',  '{name}'),
    ('service_roles',  '{db_role}'),
    ('teams',          '{org_id,name}'),
    ('users',          '{org_id,username}')
) AS f (name, columns);

SELECT results_eq(
    $$SELECT count(*)::integer FROM pg_constraint WHERE connamespace = 'agentry'::regnamespace AND contype = 'u'$$,
    ARRAY[9], 'no other unique keys');
SELECT set_eq(
    $$SELECT c.relname::text, substring(pg_get_indexdef(c.oid) FROM ' USING (.*)$')
      FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
      WHERE c.relnamespace = 'agentry'::regnamespace AND i.indisunique AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u'))$$,
    $$VALUES ('audit_log_position_key', 'btree (org_id, "position") WHERE ("position" IS NOT NULL)'),
             ('organizations_is_default_key', 'btree (is_default) WHERE is_default'),
             ('users_email_key', 'btree (lower(email))')$$,
    'unique indexes beyond those of keys');
SELECT index_is_unique('agentry', 'audit_log', 'audit_log_position_key', 'a place in a chain is taken once');

SELECT fk_ok('agentry', f.name, f.columns, f.to_schema, f.to_name, f.to_columns,
             format('%s %s refers to %s', f.name, f.columns, f.to_name))
FROM (VALUES
    ('access_rules',   '{table_name}'::name[], 'agentry', 'guarded_tables', '{table_name}'::name[]),
    ('agent_aliases',  '{org_id,agent_id}',    'agentry', 'agents',         '{org_id,id}'),
    ('agent_domains',  '{org_id,agent_id}',    'agentry', 'agents',         '{org_id,id}'),
    ('agents',         '{org_id}',             'agentry', 'organizations',  '{id}'),
    ('agents',         '{org_id,team_id}',     'agentry', 'teams',          '{org_id,id}'),
    ('agents',         '{org_id,user_id}',     'agentry', 'users',          '{org_id,id}'),
    ('api_keys',       '{org_id,agent_id}',    'agentry', 'agents',         '{org_id,id}'),
    ('api_keys',       '{org_id}',             'agentry', 'organizations',  '{id}'),
    ('api_keys',       '{org_id,user_id}',     'agentry', 'users',          '{org_id,id}'),
    ('legal_holds',    '{org_id}',             'agentry', 'organizations',  '{id}'),
    ('login_sessions', '{org_id,api_key_id}',  'agentry', 'api_keys',       '{org_id,id}'),
    ('pii_vault',      '{org_id,agent_id}',    'agentry', 'agents',         '{org_id,id}'),
    ('pii_vault',      '{org_id,user_id}',     'agentry', 'users',          '{org_id,id}'),
    ('service_roles',  '{org_id}',             'agentry', 'organizations',  '{id}'),
    ('settings',       '{name}',               'agentry', 'setting_types',  '{name}'),
    ('settings',       '{org_id}',             'agentry', 'organizations',  '{id}'),
    ('teams',          '{org_id}',             'agentry', 'organizations',  '{id}'),
    ('users',          '{org_id}',             'agentry', 'organizations',  '{id}'),
    ('users',          '{org_id,team_id}',     'agentry', 'teams',          '{org_id,id}')
) AS f (name, columns, to_schema, to_name, to_columns);

SELECT results_eq(
    $$SELECT count(*)::integer FROM pg_constraint
      WHERE connamespace = 'agentry'::regnamespace AND contype = 'f' AND conparentid = 0$$,
    ARRAY[19], 'no other references');
-- what else they do than refuse
SELECT set_eq(
    $$SELECT conname::text, substring(pg_get_constraintdef(oid) FROM ' (ON .*|DEFERRABLE.*)$') FROM pg_constraint
      WHERE connamespace = 'agentry'::regnamespace AND contype = 'f' AND conparentid = 0
        AND (confdeltype <> 'a' OR confupdtype <> 'a' OR condeferrable)$$,
    $$VALUES ('access_rules_table_name_fkey', 'ON DELETE CASCADE'),
             ('agent_aliases_agent_id_fkey', 'ON DELETE CASCADE'),
             ('agent_domains_agent_id_fkey', 'ON DELETE CASCADE'),
             ('api_keys_agent_id_fkey', 'ON DELETE CASCADE'),
             ('api_keys_user_id_fkey', 'ON DELETE CASCADE'),
             ('login_sessions_api_key_id_fkey', 'ON DELETE CASCADE'),
             ('users_team_id_fkey', 'ON DELETE SET NULL (team_id)')$$,
    'references that act');

-- checks, by what follows the table's name
CREATE TEMPORARY TABLE fact (name name, checks text[]) ON COMMIT DROP;
INSERT INTO fact VALUES
    ('access_rules', '{commands_check, writer_check}'),
    ('agent_aliases', '{alias_check}'),
    ('agent_domains', '{domain_topic_check, priority_check, vote_count_check}'),
    ('agents',
     '{access_method_check, context_type_check, instance_type_check, name_check, personality_check,
       scope_check, status_check}'),
    ('api_keys', '{holder_check, key_hash_check, name_check, prefix_check}'),
    ('erasures', '{kind_check, subject_digest_check}'),
    ('guarded_tables', '{visible_to_check}'),
    ('installed_modules', '{way_check}'),
    ('legal_holds', '{kind_check, reason_check}'),
    ('login_sessions', '{token_hash_check}'),
    ('maintenance_steps', '{run_every_check}'),
    ('organizations', '{name_check}'),
    ('partition_policies', '{keep_months_check, months_ahead_check, retire_to_check}'),
    ('personal_data', '{erase_action_check, erase_function_check, subject_check}'),
    ('pii_vault', '{key_ref_check, owner_check}'),
    ('retention_rules', '{keep_for_check}'),
    ('secrets', '{value_check}'),
    ('setting_types', '{allowed_check, name_check, type_check}'),
    ('teams', '{name_check}'),
    ('tools', '{name_check}'),
    ('users', '{email_check, hashed_password_check, username_check}');

SELECT is(
    (SELECT array_agg(substr(k.conname, length(f.name) + 2) ORDER BY k.conname COLLATE "C")
     FROM pg_constraint AS k
     WHERE k.conrelid = format('agentry.%I', f.name)::regclass AND k.contype = 'c'),
    f.checks, 'checks of ' || f.name)
FROM fact AS f;
SELECT set_eq(
    $$SELECT DISTINCT c.relname FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
      WHERE k.connamespace = 'agentry'::regnamespace AND k.contype = 'c' AND NOT c.relispartition$$,
    'SELECT name FROM fact', 'no other table has checks');

SELECT * FROM finish();
ROLLBACK;
