-- The house rules for core's own tables, and what every database starts with.  A rule costs one operator, no more, so
-- that no filter of a reader runs before it.

INSERT INTO agentry.organizations (id, name, is_default)
SELECT agentry.uuidv7(), 'default', true
WHERE NOT EXISTS (SELECT FROM agentry.organizations AS o WHERE o.is_default);

SELECT agentry.guard_table('agentry.installed_modules', p_visible_to => 'everyone',
    p_written_by => 'agentry.install()');
SELECT agentry.guard_table('agentry.guarded_tables', p_visible_to => 'everyone',
    p_written_by => 'agentry.guard_table()');
SELECT agentry.guard_table('agentry.access_rules', p_visible_to => 'everyone', p_audit => true);
SELECT agentry.guard_table('agentry.setting_types', p_visible_to => 'everyone', p_written_by => 'agentry.install()');
SELECT agentry.guard_table('agentry.secrets', p_visible_to => 'nobody', p_written_by => 'agentry.install()');
SELECT agentry.guard_table('agentry.personal_data', p_visible_to => 'everyone', p_audit => true);
SELECT agentry.guard_table('agentry.retention_rules', p_visible_to => 'everyone', p_audit => true);
SELECT agentry.guard_table('agentry.partition_policies', p_visible_to => 'everyone', p_audit => true);
SELECT agentry.guard_table('agentry.partition_hooks', p_visible_to => 'everyone');
SELECT agentry.guard_table('agentry.health_checks', p_visible_to => 'everyone');
SELECT agentry.guard_table('agentry.metrics', p_visible_to => 'everyone');
SELECT agentry.guard_table('agentry.maintenance_steps', p_visible_to => 'everyone');
SELECT agentry.guard_table('agentry.tools', p_visible_to => 'everyone');

SELECT agentry.guard_table('agentry.organizations', p_org_column => 'id',
    p_written_by => 'agentry.create_organization() (administrators)', p_audit => true);
SELECT agentry.guard_table('agentry.teams', p_writers => '{app}', p_audit => true);
SELECT agentry.guard_table('agentry.users', p_writers => '{app}',
    p_rule => 'ARRAY[id, team_id] && '
              'ARRAY[(SELECT agentry.current_user_id()), (SELECT agentry.current_team_id())]',
    p_audit => true);
SELECT agentry.guard_table('agentry.agents', 'id', 'user_id', 'team_id', 'scope',
    p_writers => '{app,domain:Agent Management}',
    p_written_by => 'agentry.register_agent() under the same rule', p_audit => true);
SELECT agentry.guard_table('agentry.agent_aliases', p_writers => '{app,domain:Agent Management}', p_audit => true);
SELECT agentry.guard_table('agentry.agent_domains', p_writers => '{app,domain:Agent Management}', p_audit => true);
SELECT agentry.guard_table('agentry.service_roles', p_rule => 'false', p_audit => true);
SELECT agentry.guard_table('agentry.settings', p_writers => '{app}',
    p_written_by => 'agentry.set_setting() under the same rule', p_audit => true);
SELECT agentry.guard_table('agentry.api_keys',
    p_rule => 'ARRAY[agent_id, user_id] @> '
              'ARRAY[coalesce((SELECT agentry.current_agent_id()), (SELECT agentry.current_user_id()))]',
    p_written_by => 'agentry.create_api_key() and agentry.revoke_api_key()', p_audit => true);
SELECT agentry.guard_table('agentry.audit_log', p_rule => 'false', p_written_by => 'changes of audited tables');
SELECT agentry.guard_table('agentry.audit_images', p_rule => 'false', p_written_by => 'changes of audited tables');
SELECT agentry.guard_table('agentry.erasures', p_rule => 'false', p_written_by => 'erasures');
SELECT agentry.guard_table('agentry.login_sessions', p_visible_to => 'nobody',
    p_written_by => 'agentry.login() and agentry.logout()');

SELECT agentry.guard_table('agentry.legal_holds', p_rule => 'false', p_writers => '{app}',
    p_written_by => 'agentry.place_legal_hold() and agentry.lift_legal_hold() under the same rule', p_audit => true);
SELECT agentry.guard_table('agentry.pii_vault', 'agent_id', 'user_id', p_writers => '{app,agents}',
    p_rule => 'agent_id = (SELECT agentry.current_agent_id()) '
              'OR user_id = (SELECT agentry.current_user_id()) AND (SELECT agentry.current_agent_id()) IS NULL');

INSERT INTO agentry.secrets (name, value)
VALUES ('channel', decode(agentry._random_hex(), 'hex')), ('receipt', decode(agentry._random_hex(), 'hex'))
ON CONFLICT DO NOTHING;

SELECT agentry._define_setting('core.session_lifetime', '"12:00:00"',
    'How long a session lasts at most, and by default, after login: an interval, such as "12:00:00" or "7 days".',
    p_type => 'interval', p_minimum => '1 second', p_maximum => '1 year');

SELECT agentry.register_personal_data(t, '{}', 'none')
FROM unnest('{agentry.organizations,agentry.teams,agentry.service_roles,agentry.settings,agentry.login_sessions,
              agentry.audit_images}'::regclass[]) AS t;
SELECT agentry.register_personal_data('agentry.pii_vault', '{"agent_id": "agent_id", "user_id": "user_id"}');
SELECT agentry.register_personal_data('agentry.api_keys', '{"agent_id": "agent_id", "user_id": "user_id"}');
SELECT agentry.register_personal_data('agentry.agent_aliases', '{"agent_id": "agent_id"}');
SELECT agentry.register_personal_data('agentry.agent_domains', '{"agent_id": "agent_id"}');
SELECT agentry.register_personal_data('agentry.legal_holds', '{"subject_id": "subject_id"}');
SELECT agentry.register_personal_data('agentry.audit_log', '{"agent_id": "agent_id", "user_id": "user_id"}', 'keep');
SELECT agentry.register_personal_data('agentry.erasures', '{"subject_id": "subject_id"}', 'keep');
SELECT agentry.register_personal_data('agentry.access_rules', '{"writer": "agent_name"}', 'function',
    'agentry._forget_access_rules(uuid, jsonb)');
SELECT agentry.register_personal_data('agentry.agents', '{"user_id": "user_id"}', 'function',
    'agentry._forget_owner(uuid, jsonb)', p_order => 900);
SELECT agentry.register_personal_data('agentry.agents', '{"id": "agent_id"}', p_order => 1000);
SELECT agentry.register_personal_data('agentry.users', '{"id": "user_id"}', p_order => 1100);
