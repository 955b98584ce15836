-- Tables and views of agentry, their columns and keys.  Blanks in an array literal do not count.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE fact (name name, key name[], columns name[]) ON COMMIT DROP;
INSERT INTO fact VALUES
    ('access_rules', '{table_name, writer}', '{table_name, writer, commands, note}'),
    ('agent_aliases', '{org_id, id}', '{org_id, id, alias, agent_id, created_at}'),
    ('agent_domains', '{org_id, domain_topic, agent_id}',
     '{org_id, domain_topic, agent_id, priority, vote_count, last_confirmed, notes, created_at}'),
    ('agents', '{org_id, id}',
     '{org_id, id, name, description, role, provider, model, access_method, access_details, skills, credential_ref,
       status, notes, persistent, collaborative, instantiation_sop, nickname, instance_type, home_dir, unix_user,
       config_reasoning, fallback_model, context_type, system_instructions, assistant_instructions, personality,
       team_id, user_id, scope, db_role, readers, created_at, updated_at}'),
    ('api_keys', '{org_id, id}',
     '{org_id, id, agent_id, user_id, name, prefix, key_hash, last_used_at, expires_at, revoked_at, created_at}'),
    ('audit_images', '{org_id, audit_id}', '{org_id, audit_id, old_row, new_row}'),
    ('audit_log', '{org_id, id}',
     '{org_id, id, at, transaction, role, kind, agent_id, user_id, road, action, table_name, row_key, old_digest,
       new_digest, position, hash, old_row, new_row}'),
    ('erasures', '{org_id, id}',
     '{org_id, id, kind, subject_id, subject_digest, transaction, counts, started_at, finished_at}'),
    ('guarded_tables', '{table_name}',
     '{table_name, description, visible_to, written_by, agent_column, user_column, team_column, scope_column}'),
    ('health_checks', '{name}', '{name, query, description}'),
    ('installed_modules', '{module}', '{module, extension, version, way, checksum, installed_at, updated_at}'),
    ('legal_holds', '{org_id, id}', '{org_id, id, kind, subject_id, reason, placed_at, lifted_at}'),
    ('login_sessions', '{org_id, id}', '{org_id, id, api_key_id, token_hash, created_at, expires_at, ended_at}'),
    ('maintenance_steps', '{name}', '{name, call, run_every, last_run, units}'),
    ('metrics', '{name}', '{name, query, unit, description}'),
    ('organizations', '{id}', '{id, name, is_default, created_at, updated_at}'),
    ('partition_hooks', '{table_name, before_drop}', '{table_name, before_drop}'),
    ('partition_policies', '{table_name}', '{table_name, time_column, months_ahead, keep_months, retire_to, storage}'),
    ('personal_data', '{table_name, column_name}',
     '{table_name, column_name, subject, erase_action, erase_function, order}'),
    ('pii_vault', '{org_id, id}', '{org_id, id, agent_id, user_id, ciphertext, key_ref, created_at}'),
    ('retention_rules', '{table_name}', '{table_name, time_column, keep_for, note}'),
    ('secrets', '{name}', '{name, value}'),
    ('service_roles', '{org_id, db_role}', '{org_id, db_role, created_at}'),
    ('setting_types', '{name}', '{name, default_value, allowed, description, type, minimum, maximum}'),
    ('settings', '{org_id, name}', '{org_id, name, value, updated_at}'),
    ('teams', '{org_id, id}', '{org_id, id, name, created_at, updated_at}'),
    ('tools', '{name}', '{name, function, description}'),
    ('users', '{org_id, id}',
     '{org_id, id, username, email, hashed_password, is_active, team_id, created_at, updated_at}');

SELECT tables_are('agentry', array_agg(name), 'tables of agentry') FROM fact;
SELECT columns_are('agentry', name, columns, 'columns of ' || name) FROM fact;
SELECT col_is_pk('agentry', name, key, 'primary key of ' || name) FROM fact;
-- tenancy
SELECT is(key[1], 'org_id', 'the primary key of ' || name || ' leads with org_id')
FROM fact WHERE 'org_id' = ANY (columns);
SELECT col_type_is('agentry', name, 'org_id', 'uuid', name || '.org_id is a uuid')
FROM fact WHERE 'org_id' = ANY (columns);
SELECT col_not_null('agentry', name, 'org_id', name || '.org_id is never null')
FROM fact WHERE 'org_id' = ANY (columns);

CREATE TEMPORARY TABLE view_fact (name name, columns name[]) ON COMMIT DROP;
INSERT INTO view_fact VALUES
    ('v_api_keys', '{org_id, id, agent_id, user_id, name, prefix, last_used_at, expires_at, revoked_at, created_at}'),
    ('v_audit',
     '{org_id, id, at, transaction, role, kind, agent_id, user_id, road, action, table_name, row_key, old_row, new_row,
       position}'),
    ('v_health', '{name, status, detail, description}'),
    ('v_metrics', '{name, label, value, unit, description}'),
    ('v_settings', '{name, value, default_value, allowed, description}'),
    ('v_table_access', '{table_name, visible_to, writers, written_by, may_insert, may_update, may_delete, comment}');

SELECT views_are('agentry', array_agg(name), 'views of agentry') FROM view_fact;
SELECT columns_are('agentry', name, columns, 'columns of ' || name) FROM view_fact;
SELECT ok('security_invoker=true' = ANY (c.reloptions), f.name || ' has the rights of its caller')
FROM view_fact AS f JOIN pg_class AS c ON c.oid = format('agentry.%I', f.name)::regclass;

SELECT col_type_is('agentry', t, 'id', 'uuid', t || '.id is uuid')
FROM unnest('{agents, api_keys, erasures, legal_holds, login_sessions, organizations, pii_vault, teams, users}'::name[])
     AS t;
SELECT col_type_is('agentry', 'audit_log', 'id', 'bigint', 'audit_log.id is bigint');
SELECT col_type_is('agentry', 'audit_images', 'audit_id', 'bigint', 'audit_images.audit_id is bigint');

SELECT * FROM finish();
ROLLBACK;
