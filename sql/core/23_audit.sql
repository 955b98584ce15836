-- The audit log.  Entries are appended without a lock; sealing chains them later.  Images of rows stand apart: they can
-- be erased without breaking the chain, which holds their digests.

CREATE TABLE IF NOT EXISTS agentry.audit_log (
    org_id      uuid        NOT NULL,
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL,
    transaction xid8        NOT NULL,
    role        name        NOT NULL,
    kind        text,
    agent_id    uuid,
    user_id     uuid,
    road        text,
    action      text        NOT NULL,
    table_name  text        NOT NULL,
    row_key     jsonb,
    old_digest  bytea,
    new_digest  bytea,
    position    bigint,
    hash        bytea,
    CONSTRAINT audit_log_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT audit_log_position_key UNIQUE (org_id, position),
    CONSTRAINT audit_log_position_check CHECK (position > 0 AND (position IS NULL) = (hash IS NULL)),
    CONSTRAINT audit_log_hash_check CHECK (octet_length(hash) = 32),
    CONSTRAINT audit_log_digest_check CHECK (octet_length(old_digest) = 32 AND octet_length(new_digest) = 32)
);
COMMENT ON TABLE agentry.audit_log IS 'What was changed, by whom, when.  Entries never change.';
COMMENT ON COLUMN agentry.audit_log.id IS 'Id, ascending; gaps are normal.';
COMMENT ON COLUMN agentry.audit_log.at IS 'Time of the change, which no client can set.';
COMMENT ON COLUMN agentry.audit_log.transaction IS 'Transaction of the change.';
COMMENT ON COLUMN agentry.audit_log.role IS 'Database role that acted, behind act_as() too.';
COMMENT ON COLUMN agentry.audit_log.kind IS 'What it was taken for: agent, user, app, reader, admin; NULL: nobody.';
COMMENT ON COLUMN agentry.audit_log.agent_id IS
    'The agent that it was or acted as; an id, which stays when the agent is forgotten.';
COMMENT ON COLUMN agentry.audit_log.user_id IS 'The user behind it.';
COMMENT ON COLUMN agentry.audit_log.road IS 'How it was known: session, role, service, admin.';
COMMENT ON COLUMN agentry.audit_log.action IS 'INSERT, UPDATE, DELETE, TRUNCATE, or the kind of an erasure.';
COMMENT ON COLUMN agentry.audit_log.table_name IS 'Table, with its schema.';
COMMENT ON COLUMN agentry.audit_log.row_key IS 'Primary key of the row, less the organisation.';
COMMENT ON COLUMN agentry.audit_log.old_digest IS 'SHA-256 of the row before.';
COMMENT ON COLUMN agentry.audit_log.new_digest IS 'SHA-256 of the row after.';
COMMENT ON COLUMN agentry.audit_log.position IS
    'Place in the chain of the organisation, from 1 without gaps; NULL: not sealed yet.';
COMMENT ON COLUMN agentry.audit_log.hash IS
    'SHA-256 (FIPS 180-4) of the hash before and this entry; set once, by seal_audit().';

CREATE TABLE IF NOT EXISTS agentry.audit_images (
    org_id   uuid   NOT NULL,
    audit_id bigint NOT NULL,
    old_row  jsonb,
    new_row  jsonb,
    CONSTRAINT audit_images_pkey PRIMARY KEY (org_id, audit_id)
);
COMMENT ON TABLE agentry.audit_images IS
    'Rows before and after a change, apart from the log, so that they can be erased.';
COMMENT ON COLUMN agentry.audit_images.audit_id IS 'The entry of the log.';
COMMENT ON COLUMN agentry.audit_images.old_row IS 'The row before.';
COMMENT ON COLUMN agentry.audit_images.new_row IS 'The row after.';

CREATE TABLE IF NOT EXISTS agentry.erasures (
    org_id      uuid        NOT NULL,
    id          uuid        NOT NULL,
    kind        text        NOT NULL,
    subject_id     uuid,
    subject_digest bytea,
    transaction xid8        NOT NULL,
    counts      jsonb       NOT NULL DEFAULT '{}',
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT erasures_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT erasures_kind_check CHECK (kind IN ('forget', 'retention', 'organisation')),
    CONSTRAINT erasures_subject_digest_check CHECK (octet_length(subject_digest) = 32)
);
COMMENT ON TABLE agentry.erasures IS 'Receipts of erasures, without content: the one way past locks and immutability.';
COMMENT ON COLUMN agentry.erasures.id IS 'Id of the receipt.';
COMMENT ON COLUMN agentry.erasures.kind IS 'forget (a subject), retention (by age), organisation (all of it).';
COMMENT ON COLUMN agentry.erasures.subject_id IS 'Id of what was forgotten; it names nobody any more.';
COMMENT ON COLUMN agentry.erasures.subject_digest IS 'Keyed SHA-256 of the name that was forgotten.';
COMMENT ON COLUMN agentry.erasures.transaction IS 'Transaction that erased.';
COMMENT ON COLUMN agentry.erasures.counts IS 'Rows erased, by table.';
COMMENT ON COLUMN agentry.erasures.started_at IS 'When it began.';
COMMENT ON COLUMN agentry.erasures.finished_at IS 'When it ended; NULL only while it runs.';
