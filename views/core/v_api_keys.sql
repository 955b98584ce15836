CREATE OR REPLACE VIEW agentry.v_api_keys
WITH (security_invoker = true) AS
SELECT k.org_id, k.id, k.agent_id, k.user_id, k.name, k.prefix, k.last_used_at, k.expires_at, k.revoked_at, k.created_at
FROM agentry.api_keys AS k;

COMMENT ON VIEW agentry.v_api_keys IS
    'API keys, without their hashes: an agent or user sees its own, applications those of the organisation.';
COMMENT ON COLUMN agentry.v_api_keys.org_id IS 'Organisation.';
COMMENT ON COLUMN agentry.v_api_keys.id IS 'Id, to revoke it by.';
COMMENT ON COLUMN agentry.v_api_keys.agent_id IS 'Holder: this agent.';
COMMENT ON COLUMN agentry.v_api_keys.user_id IS 'Holder: this user.';
COMMENT ON COLUMN agentry.v_api_keys.name IS 'What the key is for.';
COMMENT ON COLUMN agentry.v_api_keys.prefix IS 'First characters of the key.';
COMMENT ON COLUMN agentry.v_api_keys.last_used_at IS 'Time of the last login.';
COMMENT ON COLUMN agentry.v_api_keys.expires_at IS 'When it ends by itself; NULL: never.';
COMMENT ON COLUMN agentry.v_api_keys.revoked_at IS 'When it was revoked.';
COMMENT ON COLUMN agentry.v_api_keys.created_at IS 'When it was made.';
