-- Personal data: where it is, how it is erased, what must not be, and the receipts.

CREATE TABLE IF NOT EXISTS agentry.personal_data (
    table_name     regclass NOT NULL,
    column_name    name     NOT NULL,
    subject        text,
    erase_action   text     NOT NULL,
    erase_function text,
    "order"        integer  NOT NULL DEFAULT 100,
    CONSTRAINT personal_data_pkey PRIMARY KEY (table_name, column_name),
    CONSTRAINT personal_data_subject_check CHECK (subject IN ('agent_id', 'agent_name', 'user_id', 'subject_id')),
    CONSTRAINT personal_data_erase_action_check
        CHECK (CASE erase_action WHEN 'none' THEN subject IS NULL AND column_name = ''
                                 ELSE subject IS NOT NULL AND column_name <> ''
                                      AND erase_action IN ('delete', 'clear', 'function', 'keep') END),
    CONSTRAINT personal_data_erase_function_check CHECK ((erase_function IS NOT NULL) = (erase_action = 'function'))
);
COMMENT ON TABLE agentry.personal_data IS
    'Columns that name an agent or a user, and what agentry.forget() does with their rows.';
COMMENT ON COLUMN agentry.personal_data.table_name IS 'The table.';
COMMENT ON COLUMN agentry.personal_data.column_name IS 'The column; empty for a table that names nobody.';
COMMENT ON COLUMN agentry.personal_data.subject IS
    'What the column holds: agent_id, agent_name, user_id, subject_id (the id of either); one, or an array of them.';
COMMENT ON COLUMN agentry.personal_data.erase_action IS
    'delete the row; clear the column; function: erase_function does it; keep (an id that names nobody once its row is '
    'gone); none (the table names nobody).';
COMMENT ON COLUMN agentry.personal_data.erase_function IS
    'Function of (organisation, subject as jsonb) that erases and returns the number of rows; as regprocedure prints '
    'it.';
COMMENT ON COLUMN agentry.personal_data."order" IS 'Order of erasure, ascending: what refers to other rows first.';

CREATE TABLE IF NOT EXISTS agentry.legal_holds (
    org_id     uuid        NOT NULL,
    id         uuid        NOT NULL,
    kind       text        NOT NULL,
    subject_id uuid        NOT NULL,
    reason     text        NOT NULL,
    placed_at  timestamptz NOT NULL,
    lifted_at  timestamptz,
    CONSTRAINT legal_holds_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT legal_holds_org_id_fkey FOREIGN KEY (org_id) REFERENCES agentry.organizations (id),
    CONSTRAINT legal_holds_kind_check CHECK (kind IN ('agent', 'user')),
    CONSTRAINT legal_holds_reason_check CHECK (btrim(reason) <> '')
);
COMMENT ON TABLE agentry.legal_holds IS 'Subjects that must not be forgotten for now.';
COMMENT ON COLUMN agentry.legal_holds.id IS 'Id (UUID version 7), to lift it by.';
COMMENT ON COLUMN agentry.legal_holds.kind IS 'agent or user.';
COMMENT ON COLUMN agentry.legal_holds.subject_id IS 'Id of the agent or user.';
COMMENT ON COLUMN agentry.legal_holds.reason IS 'Why.';
COMMENT ON COLUMN agentry.legal_holds.placed_at IS 'Since when.';
COMMENT ON COLUMN agentry.legal_holds.lifted_at IS 'When it ended; NULL while it holds.';
COMMENT ON CONSTRAINT legal_holds_kind_check ON agentry.legal_holds IS 'A legal hold is on an agent or a user.';
COMMENT ON CONSTRAINT legal_holds_reason_check ON agentry.legal_holds IS 'A reason is not blank.';

CREATE TABLE IF NOT EXISTS agentry.pii_vault (
    org_id     uuid        NOT NULL,
    id         uuid        NOT NULL,
    agent_id   uuid,
    user_id    uuid,
    ciphertext bytea       NOT NULL,
    key_ref    text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pii_vault_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT pii_vault_agent_id_fkey FOREIGN KEY (org_id, agent_id) REFERENCES agentry.agents (org_id, id),
    CONSTRAINT pii_vault_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES agentry.users (org_id, id),
    CONSTRAINT pii_vault_owner_check CHECK (num_nonnulls(agent_id, user_id) = 1),
    CONSTRAINT pii_vault_key_ref_check CHECK (btrim(key_ref) <> '')
);
COMMENT ON TABLE agentry.pii_vault IS
    'Personal data that clients encrypted; other rows refer to it by id, so that erasing it here erases it everywhere.';
COMMENT ON COLUMN agentry.pii_vault.id IS 'Id (UUID version 7) for others to refer to.';
COMMENT ON COLUMN agentry.pii_vault.agent_id IS 'The agent that it belongs to.';
COMMENT ON COLUMN agentry.pii_vault.user_id IS 'The user whom it belongs to; either an agent or a user.';
COMMENT ON COLUMN agentry.pii_vault.ciphertext IS 'The data, encrypted by the client.';
COMMENT ON COLUMN agentry.pii_vault.key_ref IS 'Which key; never the key.';
