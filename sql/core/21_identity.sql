-- Who there is: organisations, teams, users, agents, and the database roles that stand for them.

CREATE TABLE IF NOT EXISTS agentry.organizations (
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    is_default boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT organizations_pkey PRIMARY KEY (id),
    CONSTRAINT organizations_name_key UNIQUE (name),
    CONSTRAINT organizations_name_check CHECK (btrim(name) <> '' AND length(name) <= 255)
);
COMMENT ON TABLE agentry.organizations IS 'Tenants.  No row of one can point to, or be seen by, another.';
COMMENT ON COLUMN agentry.organizations.id IS 'Id (UUID version 7, RFC 9562).';
COMMENT ON COLUMN agentry.organizations.name IS 'Name, unique across all, at most 255 characters.';
COMMENT ON COLUMN agentry.organizations.is_default IS
    'The organisation of those who never name one; exactly one exists from install.';
COMMENT ON CONSTRAINT organizations_name_check ON agentry.organizations IS
    'A name is not blank and at most 255 characters.';

CREATE TABLE IF NOT EXISTS agentry.teams (
    org_id     uuid        NOT NULL,
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT teams_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT teams_name_key UNIQUE (org_id, name),
    CONSTRAINT teams_org_id_fkey FOREIGN KEY (org_id) REFERENCES agentry.organizations (id),
    CONSTRAINT teams_name_check CHECK (btrim(name) <> '' AND length(name) <= 255)
);
COMMENT ON TABLE agentry.teams IS 'Groups of users and agents within an organisation.';
COMMENT ON COLUMN agentry.teams.id IS 'Id (UUID version 7).';
COMMENT ON COLUMN agentry.teams.name IS 'Name, unique in the organisation.';

CREATE TABLE IF NOT EXISTS agentry.users (
    org_id          uuid        NOT NULL,
    id              uuid        NOT NULL,
    username        text        NOT NULL,
    email           text,
    hashed_password text,
    is_active       boolean     NOT NULL DEFAULT true,
    team_id         uuid,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT users_username_key UNIQUE (org_id, username),
    CONSTRAINT users_org_id_fkey FOREIGN KEY (org_id) REFERENCES agentry.organizations (id),
    CONSTRAINT users_team_id_fkey FOREIGN KEY (org_id, team_id)
        REFERENCES agentry.teams (org_id, id) ON DELETE SET NULL (team_id),
    CONSTRAINT users_username_check CHECK (btrim(username) <> '' AND length(username) <= 100),
    CONSTRAINT users_email_check CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND length(email) <= 255),
    CONSTRAINT users_hashed_password_check CHECK (hashed_password ~ '^\$[a-z0-9]+\$')
);
COMMENT ON TABLE agentry.users IS 'People.';
COMMENT ON COLUMN agentry.users.id IS 'Id (UUID version 7).';
COMMENT ON COLUMN agentry.users.username IS 'Name, unique in the organisation.';
COMMENT ON COLUMN agentry.users.email IS 'E-mail address, unique across all organisations whatever its case.';
COMMENT ON COLUMN agentry.users.hashed_password IS
    'Hash in modular crypt format ($2a$, $argon2id$, ...); never the password.  No role but the owner reads it.';
COMMENT ON COLUMN agentry.users.is_active IS 'An inactive user cannot log in, and sessions of the user end.';
COMMENT ON COLUMN agentry.users.team_id IS 'Team of the user.';

CREATE TABLE IF NOT EXISTS agentry.agents (
    org_id                 uuid        NOT NULL,
    id                     uuid        NOT NULL,
    name                   text        NOT NULL,
    description            text,
    role                   text,
    provider               text,
    model                  text,
    access_method          text        NOT NULL DEFAULT 'api',
    access_details         jsonb,
    skills                 text[]      NOT NULL DEFAULT '{}',
    credential_ref         text,
    status                 text        NOT NULL DEFAULT 'active',
    notes                  text,
    persistent             boolean     NOT NULL DEFAULT true,
    collaborative          boolean     NOT NULL DEFAULT false,
    instantiation_sop      text,
    nickname               text,
    instance_type          text        NOT NULL DEFAULT 'subagent',
    home_dir               text,
    unix_user              text,
    config_reasoning       text,
    fallback_model         text,
    context_type           text        NOT NULL DEFAULT 'persistent',
    system_instructions    text,
    assistant_instructions text,
    personality            jsonb       NOT NULL DEFAULT '{}',
    team_id                uuid,
    user_id                uuid,
    scope                  text        NOT NULL DEFAULT 'organisation',
    db_role                name,
    readers                uuid[]      NOT NULL GENERATED ALWAYS AS (
        array_remove(ARRAY[id, CASE scope WHEN 'organisation' THEN org_id
                                          WHEN 'team' THEN team_id
                                          WHEN 'user' THEN user_id END], NULL)) STORED,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT agents_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT agents_name_key UNIQUE (org_id, name),
    CONSTRAINT agents_db_role_key UNIQUE (db_role),
    CONSTRAINT agents_org_id_fkey FOREIGN KEY (org_id) REFERENCES agentry.organizations (id),
    CONSTRAINT agents_team_id_fkey FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams (org_id, id),
    CONSTRAINT agents_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES agentry.users (org_id, id),
    CONSTRAINT agents_name_check
        CHECK (name = lower(btrim(name)) AND name <> '' AND length(name) <= 100 AND name !~ '[[:cntrl:]*:,]'),
    CONSTRAINT agents_access_method_check CHECK (access_method IN ('openclaw_session', 'cli', 'api', 'browser')),
    CONSTRAINT agents_status_check CHECK (status IN ('active', 'inactive', 'suspended', 'archived')),
    CONSTRAINT agents_instance_type_check CHECK (instance_type IN ('subagent', 'peer')),
    CONSTRAINT agents_context_type_check CHECK (context_type IN ('ephemeral', 'persistent')),
    CONSTRAINT agents_personality_check CHECK (jsonb_typeof(personality) = 'object'),
    CONSTRAINT agents_scope_check CHECK (
        CASE scope WHEN 'organisation' THEN true
                   WHEN 'team' THEN team_id IS NOT NULL
                   WHEN 'user' THEN user_id IS NOT NULL
                   ELSE scope = 'agent' END)
);
COMMENT ON TABLE agentry.agents IS 'Agents: the registry for delegation and collaboration.';
COMMENT ON COLUMN agentry.agents.id IS 'Id (UUID version 7).';
COMMENT ON COLUMN agentry.agents.name IS
    'Name, lower case, unique in the organisation, 1 to 100 characters without *, :, comma and control characters; it '
    'never changes.';
COMMENT ON COLUMN agentry.agents.description IS 'What the agent is for.';
COMMENT ON COLUMN agentry.agents.role IS 'Kind of work: general, coding, research, quick-qa, monitoring, ...';
COMMENT ON COLUMN agentry.agents.provider IS 'Provider of the model: anthropic, google, openai, local, ...';
COMMENT ON COLUMN agentry.agents.model IS 'Language model.';
COMMENT ON COLUMN agentry.agents.access_method IS 'How it is reached: openclaw_session, cli, api, browser.';
COMMENT ON COLUMN agentry.agents.access_details IS 'Connection information for the access method; no secrets.';
COMMENT ON COLUMN agentry.agents.skills IS 'Capabilities.';
COMMENT ON COLUMN agentry.agents.credential_ref IS
    'Where its credential is kept (a password manager''s item); never the credential.';
COMMENT ON COLUMN agentry.agents.status IS
    'active; inactive (not running, may be written to); suspended and archived (cannot log in, send or receive).';
COMMENT ON COLUMN agentry.agents.notes IS 'Notes.';
COMMENT ON COLUMN agentry.agents.persistent IS 'Always running, not on demand.';
COMMENT ON COLUMN agentry.agents.collaborative IS 'Works with others, not only for them.';
COMMENT ON COLUMN agentry.agents.instantiation_sop IS 'Name of the procedure that starts it.';
COMMENT ON COLUMN agentry.agents.nickname IS
    'Short friendly name for display; to write to the agent by it, make it an alias.';
COMMENT ON COLUMN agentry.agents.instance_type IS 'subagent or peer.';
COMMENT ON COLUMN agentry.agents.home_dir IS 'Workspace of a peer agent.';
COMMENT ON COLUMN agentry.agents.unix_user IS 'Operating system user of a peer agent.';
COMMENT ON COLUMN agentry.agents.config_reasoning IS 'Why it is configured this way.';
COMMENT ON COLUMN agentry.agents.fallback_model IS 'Model to use when the first fails.';
COMMENT ON COLUMN agentry.agents.context_type IS 'ephemeral or persistent.';
COMMENT ON COLUMN agentry.agents.system_instructions IS 'System prompt.';
COMMENT ON COLUMN agentry.agents.assistant_instructions IS 'Further instructions to the assistant.';
COMMENT ON COLUMN agentry.agents.personality IS 'Traits, as a JSON object.';
COMMENT ON COLUMN agentry.agents.team_id IS 'Team of the agent.';
COMMENT ON COLUMN agentry.agents.user_id IS 'User who owns the agent.';
COMMENT ON COLUMN agentry.agents.scope IS
    'Who sees the agent: organisation, its team, its user, or only itself (agent).';
COMMENT ON COLUMN agentry.agents.db_role IS 'Database role that is this agent; set by administrators only.';
COMMENT ON COLUMN agentry.agents.readers IS 'Who sees the agent: ids of itself and of what its scope names.';
COMMENT ON CONSTRAINT agents_name_check ON agentry.agents IS
    'A name is 1 to 100 characters in lower case, without *, :, comma and control characters.';
COMMENT ON CONSTRAINT agents_access_method_check ON agentry.agents IS
    'An access method is openclaw_session, cli, api or browser.';
COMMENT ON CONSTRAINT agents_status_check ON agentry.agents IS 'A status is active, inactive, suspended or archived.';
COMMENT ON CONSTRAINT agents_instance_type_check ON agentry.agents IS 'An instance type is subagent or peer.';
COMMENT ON CONSTRAINT agents_context_type_check ON agentry.agents IS 'A context type is ephemeral or persistent.';
COMMENT ON CONSTRAINT agents_personality_check ON agentry.agents IS 'A personality is a JSON object.';
COMMENT ON CONSTRAINT agents_scope_check ON agentry.agents IS
    'A scope is agent, user, team or organisation; for user or team the agent has one.';

CREATE TABLE IF NOT EXISTS agentry.agent_aliases (
    org_id     uuid        NOT NULL,
    id         uuid        NOT NULL,
    alias      text        NOT NULL,
    agent_id   uuid        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT agent_aliases_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT agent_aliases_alias_key UNIQUE (org_id, alias),
    CONSTRAINT agent_aliases_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT agent_aliases_alias_check
        CHECK (alias = lower(btrim(alias)) AND alias <> '' AND length(alias) <= 100 AND alias !~ '[[:cntrl:]*:,]')
);
COMMENT ON TABLE agentry.agent_aliases IS 'Other names of agents, accepted wherever a name is.';
COMMENT ON COLUMN agentry.agent_aliases.id IS
    'Id (UUID version 7): what the audit log keeps once the alias is forgotten.';
COMMENT ON COLUMN agentry.agent_aliases.alias IS
    'Other name, lower case; neither an agent''s name nor another''s alias in the organisation.';
COMMENT ON COLUMN agentry.agent_aliases.agent_id IS 'The agent.';
COMMENT ON CONSTRAINT agent_aliases_alias_check ON agentry.agent_aliases IS
    'An alias is 1 to 100 characters in lower case, without *, :, comma and control characters.';

CREATE TABLE IF NOT EXISTS agentry.agent_domains (
    org_id         uuid        NOT NULL,
    domain_topic   text        NOT NULL,
    agent_id       uuid        NOT NULL,
    priority       integer     NOT NULL DEFAULT 1,
    vote_count     integer     NOT NULL DEFAULT 1,
    last_confirmed timestamptz NOT NULL DEFAULT now(),
    notes          text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT agent_domains_pkey PRIMARY KEY (org_id, domain_topic, agent_id),
    CONSTRAINT agent_domains_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT agent_domains_domain_topic_check
        CHECK (btrim(domain_topic) = domain_topic AND domain_topic <> '' AND length(domain_topic) <= 255),
    CONSTRAINT agent_domains_priority_check CHECK (priority >= 1),
    CONSTRAINT agent_domains_vote_count_check CHECK (vote_count >= 0)
);
COMMENT ON TABLE agentry.agent_domains IS 'Which agent answers for which domain; several may.';
COMMENT ON COLUMN agentry.agent_domains.domain_topic IS 'Name of the domain; compared without case.';
COMMENT ON COLUMN agentry.agent_domains.agent_id IS 'An agent of the domain.';
COMMENT ON COLUMN agentry.agent_domains.priority IS 'Order among the agents of a domain, 1 first.';
COMMENT ON COLUMN agentry.agent_domains.vote_count IS 'How often the assignment was confirmed.';
COMMENT ON COLUMN agentry.agent_domains.last_confirmed IS 'When it was last confirmed.';
COMMENT ON COLUMN agentry.agent_domains.notes IS 'Notes.';
COMMENT ON CONSTRAINT agent_domains_domain_topic_check ON agentry.agent_domains IS
    'A domain is 1 to 255 characters, without blanks around it.';
COMMENT ON CONSTRAINT agent_domains_priority_check ON agentry.agent_domains IS 'A priority is 1 or more.';
COMMENT ON CONSTRAINT agent_domains_vote_count_check ON agentry.agent_domains IS 'Votes are 0 or more.';

CREATE TABLE IF NOT EXISTS agentry.service_roles (
    org_id     uuid        NOT NULL,
    db_role    name        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT service_roles_pkey PRIMARY KEY (org_id, db_role),
    CONSTRAINT service_roles_db_role_key UNIQUE (db_role),
    CONSTRAINT service_roles_org_id_fkey FOREIGN KEY (org_id) REFERENCES agentry.organizations (id)
);
COMMENT ON TABLE agentry.service_roles IS
    'Database roles that serve a whole organisation: members of agentry_app act for any of its agents, members of '
    'agentry_reader read it.';
COMMENT ON COLUMN agentry.service_roles.db_role IS 'The database role; it serves one organisation.';

CREATE TABLE IF NOT EXISTS agentry.settings (
    org_id     uuid        NOT NULL,
    name       text        NOT NULL,
    value      jsonb       NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT settings_pkey PRIMARY KEY (org_id, name),
    CONSTRAINT settings_org_id_fkey FOREIGN KEY (org_id) REFERENCES agentry.organizations (id),
    CONSTRAINT settings_name_fkey FOREIGN KEY (name) REFERENCES agentry.setting_types (name)
);
COMMENT ON TABLE agentry.settings IS 'Settings of organisations, where they differ from the default.';
COMMENT ON COLUMN agentry.settings.name IS 'Name; see agentry.setting_types.';
COMMENT ON COLUMN agentry.settings.value IS 'Value.';
