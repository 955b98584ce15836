-- Indexes beyond those of keys.  Every foreign key has one.

CREATE UNIQUE INDEX IF NOT EXISTS organizations_is_default_key ON agentry.organizations (is_default) WHERE is_default;
-- looked up before the organisation is known, hence without org_id
CREATE UNIQUE INDEX IF NOT EXISTS users_email_key ON agentry.users (lower(email));
CREATE INDEX IF NOT EXISTS users_team_id_idx ON agentry.users (org_id, team_id);
CREATE INDEX IF NOT EXISTS agents_team_id_idx ON agentry.agents (org_id, team_id);
CREATE INDEX IF NOT EXISTS agents_user_id_idx ON agentry.agents (org_id, user_id);
-- "find agents with specific skills"
CREATE INDEX IF NOT EXISTS agents_skills_idx ON agentry.agents USING gin (skills);
CREATE INDEX IF NOT EXISTS agent_aliases_agent_id_idx ON agentry.agent_aliases (org_id, agent_id);
CREATE INDEX IF NOT EXISTS agent_domains_agent_id_idx ON agentry.agent_domains (org_id, agent_id);
CREATE INDEX IF NOT EXISTS agent_domains_lower_idx ON agentry.agent_domains (org_id, lower(domain_topic), priority);
CREATE INDEX IF NOT EXISTS settings_name_idx ON agentry.settings (name);
CREATE INDEX IF NOT EXISTS api_keys_agent_id_idx ON agentry.api_keys (org_id, agent_id);
CREATE INDEX IF NOT EXISTS api_keys_user_id_idx ON agentry.api_keys (org_id, user_id);
CREATE INDEX IF NOT EXISTS pii_vault_agent_id_idx ON agentry.pii_vault (org_id, agent_id);
CREATE INDEX IF NOT EXISTS pii_vault_user_id_idx ON agentry.pii_vault (org_id, user_id);
CREATE INDEX IF NOT EXISTS login_sessions_api_key_id_idx ON agentry.login_sessions (org_id, api_key_id);
CREATE INDEX IF NOT EXISTS audit_log_unsealed_idx ON agentry.audit_log (org_id, transaction, id) WHERE position IS NULL;
-- only of what is sealed, so that no writer pays for it
CREATE UNIQUE INDEX IF NOT EXISTS audit_log_position_key ON agentry.audit_log (org_id, position)
    WHERE position IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_log_table_idx ON agentry.audit_log (org_id, table_name, id)
    WHERE position IS NOT NULL;
