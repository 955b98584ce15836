-- API keys and the sessions that they open.  Only hashes are kept.

CREATE TABLE IF NOT EXISTS agentry.api_keys (
    org_id       uuid        NOT NULL,
    id           uuid        NOT NULL,
    agent_id     uuid,
    user_id      uuid,
    name         text        NOT NULL,
    prefix       text        NOT NULL,
    key_hash     bytea       NOT NULL,
    last_used_at timestamptz,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT api_keys_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash),
    CONSTRAINT api_keys_org_id_fkey FOREIGN KEY (org_id) REFERENCES agentry.organizations (id),
    CONSTRAINT api_keys_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (org_id, user_id)
        REFERENCES agentry.users (org_id, id) ON DELETE CASCADE,
    CONSTRAINT api_keys_holder_check CHECK (agent_id IS NULL OR user_id IS NULL),
    CONSTRAINT api_keys_name_check CHECK (btrim(name) <> '' AND length(name) <= 255),
    CONSTRAINT api_keys_prefix_check CHECK (prefix ~ '^ak_[0-9a-f]{8}$'),
    CONSTRAINT api_keys_key_hash_check CHECK (octet_length(key_hash) = 32)
);
COMMENT ON TABLE agentry.api_keys IS 'Keys to log in with, of an agent, a user or a whole organisation.';
COMMENT ON COLUMN agentry.api_keys.id IS 'Id (UUID version 7).';
COMMENT ON COLUMN agentry.api_keys.agent_id IS 'Holder: this agent.';
COMMENT ON COLUMN agentry.api_keys.user_id IS
    'Holder: this user.  Neither agent nor user: an application of the organisation.';
COMMENT ON COLUMN agentry.api_keys.name IS 'What the key is for.';
COMMENT ON COLUMN agentry.api_keys.prefix IS 'First characters of the key, to tell keys apart.';
COMMENT ON COLUMN agentry.api_keys.key_hash IS
    'SHA-256 of the key (FIPS 180-4); the key itself has 256 random bits and is nowhere.';
COMMENT ON COLUMN agentry.api_keys.last_used_at IS 'Time of the last login.';
COMMENT ON COLUMN agentry.api_keys.expires_at IS 'When it ends by itself; NULL: never.';
COMMENT ON COLUMN agentry.api_keys.revoked_at IS 'When it was revoked; that ended its sessions too.';
COMMENT ON CONSTRAINT api_keys_holder_check ON agentry.api_keys IS 'A key is of an agent or of a user, not of both.';
COMMENT ON CONSTRAINT api_keys_name_check ON agentry.api_keys IS 'A name is not blank and at most 255 characters.';
COMMENT ON CONSTRAINT api_keys_prefix_check ON agentry.api_keys IS 'A prefix is ak_ and eight hexadecimal digits.';
COMMENT ON CONSTRAINT api_keys_key_hash_check ON agentry.api_keys IS 'A hash is 32 bytes.';

CREATE TABLE IF NOT EXISTS agentry.login_sessions (
    org_id     uuid        NOT NULL,
    id         uuid        NOT NULL,
    api_key_id uuid        NOT NULL,
    token_hash bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    CONSTRAINT login_sessions_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT login_sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT login_sessions_api_key_id_fkey FOREIGN KEY (org_id, api_key_id)
        REFERENCES agentry.api_keys (org_id, id) ON DELETE CASCADE,
    CONSTRAINT login_sessions_token_hash_check CHECK (octet_length(token_hash) = 32)
);
COMMENT ON TABLE agentry.login_sessions IS 'Sessions opened with an API key.';
COMMENT ON COLUMN agentry.login_sessions.id IS 'Id (UUID version 7).';
COMMENT ON COLUMN agentry.login_sessions.api_key_id IS 'The key that opened it.';
COMMENT ON COLUMN agentry.login_sessions.token_hash IS 'SHA-256 of the token.';
COMMENT ON COLUMN agentry.login_sessions.expires_at IS 'When it ends by itself.';
COMMENT ON COLUMN agentry.login_sessions.ended_at IS 'When it was ended by logout or revocation.';
