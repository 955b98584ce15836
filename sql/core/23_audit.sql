-- The audit log.  Entries are appended without a lock; sealing chains them later.  Images of rows stand apart: they can
-- be erased without breaking the chain, which holds their digests.
--
-- A writer pays for one insert, with the images in the entry itself; setting them apart and taking their digests is
-- left to seal_audit().  Until then an image is guarded as the rest of its entry is, by the triggers that refuse every
-- change: before it is sealed nothing of an entry could be proved anyway.  For the same reason there is no CHECK and no
-- index that a writer would pay for and that verify_audit() and the sealing can do without.

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
    old_row     jsonb,
    new_row     jsonb,
    CONSTRAINT audit_log_pkey PRIMARY KEY (org_id, id)
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
COMMENT ON COLUMN agentry.audit_log.row_key IS 'Primary key of the row.';
COMMENT ON COLUMN agentry.audit_log.old_digest IS 'SHA-256 of the row before, once the image is set apart.';
COMMENT ON COLUMN agentry.audit_log.new_digest IS 'SHA-256 of the row after, once the image is set apart.';
COMMENT ON COLUMN agentry.audit_log.position IS
    'Place in the chain of the organisation, from 1 without gaps; NULL: not sealed yet.';
COMMENT ON COLUMN agentry.audit_log.hash IS
    'SHA-256 (FIPS 180-4) of the hash before and this entry; set once, by seal_audit().';

COMMENT ON COLUMN agentry.audit_log.old_row IS
    'The row before, until the next sealing moves it to agentry.audit_images; see agentry.v_audit.';
COMMENT ON COLUMN agentry.audit_log.new_row IS
    'The row after, until the next sealing moves it to agentry.audit_images; see agentry.v_audit.';

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
