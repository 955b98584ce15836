-- Registries: one place for machinery that every module uses.  Modules fill them downwards at install.

CREATE TABLE IF NOT EXISTS agentry.installed_modules (
    module       text        NOT NULL,
    extension    text        NOT NULL,
    version      text        NOT NULL,
    way          text        NOT NULL,
    checksum     text        NOT NULL,
    installed_at timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT installed_modules_pkey PRIMARY KEY (module),
    CONSTRAINT installed_modules_way_check CHECK (way IN ('extension', 'plain'))
);
COMMENT ON TABLE agentry.installed_modules IS 'The modules whose tables are in this database.';
COMMENT ON COLUMN agentry.installed_modules.module IS 'Name of the module: core, chat, ...';
COMMENT ON COLUMN agentry.installed_modules.extension IS 'Name of its extension and schema.';
COMMENT ON COLUMN agentry.installed_modules.version IS 'Version of the tables.';
COMMENT ON COLUMN agentry.installed_modules.way IS
    'extension: the code came by CREATE EXTENSION; plain: by a plain SQL script.';
COMMENT ON COLUMN agentry.installed_modules.checksum IS 'MD5 of the sources that the tables were made from.';
COMMENT ON COLUMN agentry.installed_modules.installed_at IS 'Time of the first install.';

CREATE TABLE IF NOT EXISTS agentry.guarded_tables (
    table_name    regclass NOT NULL,
    description   text     NOT NULL,
    visible_to    text     NOT NULL,
    written_by    text,
    agent_column  name,
    user_column   name,
    team_column   name,
    scope_column  name,
    CONSTRAINT guarded_tables_pkey PRIMARY KEY (table_name),
    CONSTRAINT guarded_tables_visible_to_check
        CHECK (visible_to IN ('everyone', 'organisation', 'scope', 'rule', 'nobody'))
);
COMMENT ON TABLE agentry.guarded_tables IS 'Tables under the house rules; filled by agentry.guard_table().';
COMMENT ON COLUMN agentry.guarded_tables.table_name IS 'The table.';
COMMENT ON COLUMN agentry.guarded_tables.description IS 'What the table is for; the first part of its comment.';
COMMENT ON COLUMN agentry.guarded_tables.visible_to IS
    'Who reads a row: everyone (no row-level security), organisation, scope (owner and scope columns), rule (a '
    'condition of the module), nobody (functions only).';
COMMENT ON COLUMN agentry.guarded_tables.written_by IS
    'Functions that write the table for those who may not write it directly; part of its comment.';
COMMENT ON COLUMN agentry.guarded_tables.agent_column IS
    'Column with the owning agent: its id (uuid) or its name (text).';
COMMENT ON COLUMN agentry.guarded_tables.user_column IS 'Column with the id of the owning user.';
COMMENT ON COLUMN agentry.guarded_tables.team_column IS 'Column with the id of the owning team.';
COMMENT ON COLUMN agentry.guarded_tables.scope_column IS 'Column with the scope: organisation, team, user or agent.';

CREATE TABLE IF NOT EXISTS agentry.access_rules (
    table_name regclass NOT NULL,
    writer     text     NOT NULL,
    commands   text[]   NOT NULL DEFAULT '{INSERT,UPDATE,DELETE}',
    note       text,
    CONSTRAINT access_rules_pkey PRIMARY KEY (table_name, writer),
    CONSTRAINT access_rules_table_name_fkey FOREIGN KEY (table_name)
        REFERENCES agentry.guarded_tables (table_name) ON DELETE CASCADE,
    CONSTRAINT access_rules_writer_check CHECK (writer IN ('app', 'agents') OR writer ~ '^(domain|agent):[^[:space:]]'),
    CONSTRAINT access_rules_commands_check
        CHECK (cardinality(commands) > 0
               AND commands <@ '{INSERT,UPDATE,DELETE}'
               AND array_position(commands, NULL) IS NULL)
);
COMMENT ON TABLE agentry.access_rules IS
    'Who may write which table.  Policies, refusals and table comments follow from it.';
COMMENT ON COLUMN agentry.access_rules.table_name IS 'The table.';
COMMENT ON COLUMN agentry.access_rules.writer IS
    'Who may write: app (applications), agents (every agent, its own rows), domain:NAME (agents of that domain), '
    'agent:NAME.  Administrators always may.';
COMMENT ON COLUMN agentry.access_rules.commands IS 'Which commands: INSERT, UPDATE, DELETE.';
COMMENT ON COLUMN agentry.access_rules.note IS 'Reason, for people.';

CREATE TABLE IF NOT EXISTS agentry.setting_types (
    name           text  NOT NULL,
    default_value  jsonb NOT NULL,
    allowed        jsonb,
    description    text  NOT NULL,
    type           text  NOT NULL DEFAULT 'json',
    minimum        text,
    maximum        text,
    CONSTRAINT setting_types_pkey PRIMARY KEY (name),
    CONSTRAINT setting_types_name_check CHECK (name ~ '^[a-z_]+\.[a-z_]+$'),
    CONSTRAINT setting_types_type_check CHECK (type IN ('json', 'integer', 'interval')),
    CONSTRAINT setting_types_allowed_check CHECK (allowed IS NULL OR jsonb_typeof(allowed) = 'array')
);
COMMENT ON TABLE agentry.setting_types IS 'The settings that exist, with their defaults.';
COMMENT ON COLUMN agentry.setting_types.name IS 'Name: module.setting.';
COMMENT ON COLUMN agentry.setting_types.default_value IS
    'Value where an organisation has set none; its JSON type is the type of the setting.';
COMMENT ON COLUMN agentry.setting_types.allowed IS 'Array of the allowed values; NULL: any of the type.';
COMMENT ON COLUMN agentry.setting_types.type IS
    'json (any of the type of the default), integer, interval (as a JSON string).';
COMMENT ON COLUMN agentry.setting_types.minimum IS 'Least value of an integer or interval.';
COMMENT ON COLUMN agentry.setting_types.maximum IS 'Greatest value of an integer or interval.';
COMMENT ON COLUMN agentry.setting_types.description IS 'Meaning, unit and range.';

CREATE TABLE IF NOT EXISTS agentry.secrets (
    name  text  NOT NULL,
    value bytea NOT NULL,
    CONSTRAINT secrets_pkey PRIMARY KEY (name),
    CONSTRAINT secrets_value_check CHECK (octet_length(value) = 32)
);
COMMENT ON TABLE agentry.secrets IS
    'Keys that this database made for itself, such as the one that names the channels of inboxes.';
COMMENT ON COLUMN agentry.secrets.name IS 'What the key is for.';
COMMENT ON COLUMN agentry.secrets.value IS '256 random bits.';

CREATE TABLE IF NOT EXISTS agentry.retention_rules (
    table_name  regclass NOT NULL,
    time_column name     NOT NULL,
    keep_for    interval,
    note        text,
    CONSTRAINT retention_rules_pkey PRIMARY KEY (table_name),
    CONSTRAINT retention_rules_keep_for_check CHECK (keep_for > interval '0')
);
COMMENT ON TABLE agentry.retention_rules IS 'How long rows are kept.';
COMMENT ON COLUMN agentry.retention_rules.table_name IS 'The table.';
COMMENT ON COLUMN agentry.retention_rules.time_column IS 'Column that tells the age of a row.';
COMMENT ON COLUMN agentry.retention_rules.keep_for IS 'Age at which a row may go; NULL: never.';
COMMENT ON COLUMN agentry.retention_rules.note IS 'Reason, for people.';

CREATE TABLE IF NOT EXISTS agentry.partition_policies (
    table_name   regclass NOT NULL,
    time_column  name     NOT NULL,
    months_ahead smallint NOT NULL DEFAULT 3,
    keep_months  integer,
    retire_to    text     NOT NULL DEFAULT 'keep',
    storage      text[]   NOT NULL DEFAULT '{}',
    CONSTRAINT partition_policies_pkey PRIMARY KEY (table_name),
    CONSTRAINT partition_policies_months_ahead_check CHECK (months_ahead BETWEEN 1 AND 120),
    CONSTRAINT partition_policies_keep_months_check CHECK (keep_months > 0),
    CONSTRAINT partition_policies_retire_to_check CHECK (retire_to IN ('keep', 'detach', 'archive', 'drop'))
);
COMMENT ON COLUMN agentry.partition_policies.storage IS
    'Storage parameters of each partition, such as {fillfactor=90}.';
COMMENT ON TABLE agentry.partition_policies IS 'Monthly partitioned tables and what happens to their old months.';
COMMENT ON COLUMN agentry.partition_policies.table_name IS 'The partitioned table.';
COMMENT ON COLUMN agentry.partition_policies.time_column IS 'Its partition key.';
COMMENT ON COLUMN agentry.partition_policies.months_ahead IS 'How many months are made ahead, 1 to 120.';
COMMENT ON COLUMN agentry.partition_policies.keep_months IS 'Age in months at which a partition retires; NULL: never.';
COMMENT ON COLUMN agentry.partition_policies.retire_to IS
    'keep; detach; archive (moved to schema agentry_archive); drop.';
COMMENT ON CONSTRAINT partition_policies_months_ahead_check ON agentry.partition_policies IS
    'months_ahead is 1 to 120.';
COMMENT ON CONSTRAINT partition_policies_keep_months_check ON agentry.partition_policies IS
    'keep_months is above 0; NULL: for ever.';
COMMENT ON CONSTRAINT partition_policies_retire_to_check ON agentry.partition_policies IS
    'retire_to is keep, detach, archive or drop.';

CREATE TABLE IF NOT EXISTS agentry.partition_hooks (
    table_name  regclass NOT NULL,
    before_drop text     NOT NULL,
    CONSTRAINT partition_hooks_pkey PRIMARY KEY (table_name, before_drop)
);
COMMENT ON TABLE agentry.partition_hooks IS 'What is called before a month of a table is dropped with its rows.';
COMMENT ON COLUMN agentry.partition_hooks.table_name IS 'The partitioned table.';
COMMENT ON COLUMN agentry.partition_hooks.before_drop IS
    'Function of the table and the month, both regclass, that lets go of what other tables hold of its rows; as '
    'regprocedure prints it.';

CREATE TABLE IF NOT EXISTS agentry.health_checks (
    name        text NOT NULL,
    query       text NOT NULL,
    description text NOT NULL,
    CONSTRAINT health_checks_pkey PRIMARY KEY (name)
);
COMMENT ON TABLE agentry.health_checks IS 'Health checks of all modules.';
COMMENT ON COLUMN agentry.health_checks.name IS 'Name: module.check.';
COMMENT ON COLUMN agentry.health_checks.query IS 'Query that returns status (ok, warning, critical) and detail.';
COMMENT ON COLUMN agentry.health_checks.description IS 'What it looks at, and what to do when it is not ok.';

CREATE TABLE IF NOT EXISTS agentry.metrics (
    name        text NOT NULL,
    query       text NOT NULL,
    unit        text NOT NULL,
    description text NOT NULL,
    CONSTRAINT metrics_pkey PRIMARY KEY (name)
);
COMMENT ON TABLE agentry.metrics IS 'Metrics of all modules.';
COMMENT ON COLUMN agentry.metrics.name IS 'Name: module.metric.';
COMMENT ON COLUMN agentry.metrics.query IS 'Query that returns one number, or label and number.';
COMMENT ON COLUMN agentry.metrics.unit IS 'Unit of the number.';
COMMENT ON COLUMN agentry.metrics.description IS 'Meaning.';

CREATE TABLE IF NOT EXISTS agentry.maintenance_steps (
    name      text     NOT NULL,
    call      text     NOT NULL,
    run_every interval NOT NULL,
    last_run  timestamptz,
    units     text,
    CONSTRAINT maintenance_steps_pkey PRIMARY KEY (name),
    CONSTRAINT maintenance_steps_run_every_check CHECK (run_every >= interval '0')
);
COMMENT ON TABLE agentry.maintenance_steps IS 'Maintenance of all modules.';
COMMENT ON COLUMN agentry.maintenance_steps.name IS 'Name: module.step.';
COMMENT ON COLUMN agentry.maintenance_steps.call IS 'Function to call; safe to run twice at once.';
COMMENT ON COLUMN agentry.maintenance_steps.run_every IS 'How often it is due.';
COMMENT ON COLUMN agentry.maintenance_steps.last_run IS 'When it last ended.';
COMMENT ON COLUMN agentry.maintenance_steps.units IS
    'Query of texts: the call, which takes one as $1, runs once for each, in a transaction of its own, so that no lock '
    'is held longer; NULL: once.';

CREATE TABLE IF NOT EXISTS agentry.tools (
    name        text NOT NULL,
    function    text NOT NULL,
    description text NOT NULL,
    CONSTRAINT tools_pkey PRIMARY KEY (name),
    CONSTRAINT tools_name_check CHECK (name ~ '^[a-zA-Z0-9_-]{1,64}$')
);
COMMENT ON TABLE agentry.tools IS 'Functions offered to language models as tools.';
COMMENT ON COLUMN agentry.tools.name IS 'Name for function calling: letters, digits, _ and -, at most 64.';
COMMENT ON COLUMN agentry.tools.function IS 'The function, as regprocedure prints it.';
COMMENT ON COLUMN agentry.tools.description IS 'What a model is told about it.';
