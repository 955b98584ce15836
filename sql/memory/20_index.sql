-- The semantic index: one row for each thing that can be recalled, whatever table it stands in, and what recall() needs
-- to find and rank it.

CREATE TABLE IF NOT EXISTS agentry_memory.memory_sources (
    source_id   integer     NOT NULL GENERATED ALWAYS AS IDENTITY,
    name        text        NOT NULL,
    table_name  regclass    NOT NULL,
    expressions jsonb       NOT NULL,
    query       text        NOT NULL,
    id_type     regtype     NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT memory_sources_pkey PRIMARY KEY (source_id),
    CONSTRAINT memory_sources_name_key UNIQUE (name),
    CONSTRAINT memory_sources_name_check CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    CONSTRAINT memory_sources_expressions_check CHECK (jsonb_typeof(expressions) = 'object')
);
COMMENT ON TABLE agentry_memory.memory_sources IS
    'Tables whose rows can be recalled; filled by agentry_memory.register_source().';
COMMENT ON COLUMN agentry_memory.memory_sources.source_id IS 'Id.';
COMMENT ON COLUMN agentry_memory.memory_sources.name IS
    'Name, as recall() shows it: lower case letters, digits and _, at most 40.';
COMMENT ON COLUMN agentry_memory.memory_sources.table_name IS 'The table.';
COMMENT ON COLUMN agentry_memory.memory_sources.expressions IS
    'SQL expressions over a row of the table, as given to register_source().';
COMMENT ON COLUMN agentry_memory.memory_sources.query IS
    'What of a row the index needs, as SQL; {rows} stands for the rows.';
COMMENT ON COLUMN agentry_memory.memory_sources.id_type IS 'Type of the id, by which an index on it is used.';

CREATE TABLE IF NOT EXISTS agentry_memory.memory_entries (
    org_id       uuid        NOT NULL,
    id           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    source_id    integer     NOT NULL,
    row_id       text        COLLATE "C" NOT NULL,
    owner_id     uuid        NOT NULL,
    session_key  bigint,
    position     bigint      NOT NULL DEFAULT 0,
    occurred_at  timestamptz NOT NULL,
    expires_at   timestamptz,
    importance   real        NOT NULL DEFAULT 0.5,
    emotion      real,
    confidence   real        NOT NULL DEFAULT 1,
    length       integer     NOT NULL,
    terms        bigint[]    NOT NULL,
    frequencies  smallint[],
    tags         text[]      NOT NULL DEFAULT '{}',
    content      text        NOT NULL,
    content_hash uuid        NOT NULL GENERATED ALWAYS AS (md5(content)::uuid) STORED,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT memory_entries_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT memory_entries_row_id_key UNIQUE (org_id, source_id, row_id),
    CONSTRAINT memory_entries_importance_check CHECK (importance BETWEEN 0 AND 1),
    CONSTRAINT memory_entries_emotion_check CHECK (emotion BETWEEN 0 AND 1),
    CONSTRAINT memory_entries_confidence_check CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT memory_entries_frequencies_check CHECK (cardinality(frequencies) = cardinality(terms))
)
WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE agentry_memory.memory_entries IS
    'What can be recalled: an entry for each row of a registered table, kept by triggers on that table.';
COMMENT ON COLUMN agentry_memory.memory_entries.id IS 'Id.';
COMMENT ON COLUMN agentry_memory.memory_entries.source_id IS
    'The source; no foreign key, as entries go in bulk when a source is taken out.';
COMMENT ON COLUMN agentry_memory.memory_entries.row_id IS 'Id of the row in the table of the source, as text.';
COMMENT ON COLUMN agentry_memory.memory_entries.owner_id IS
    'Whose it is, by its scope: the id of the agent, user, team or organisation.';
COMMENT ON COLUMN agentry_memory.memory_entries.session_key IS
    'Hash of owner, source and session: entries that have it alike are neighbours by position; NULL: no session.';
COMMENT ON COLUMN agentry_memory.memory_entries.position IS
    'Order within the session; of the same, the smaller id comes first.';
COMMENT ON COLUMN agentry_memory.memory_entries.occurred_at IS 'When it happened.';
COMMENT ON COLUMN agentry_memory.memory_entries.expires_at IS 'From when on it is not recalled; NULL: never.';
COMMENT ON COLUMN agentry_memory.memory_entries.importance IS 'Importance, 0 to 1.';
COMMENT ON COLUMN agentry_memory.memory_entries.emotion IS 'Emotional relevance, 0 to 1; NULL: none is known.';
COMMENT ON COLUMN agentry_memory.memory_entries.confidence IS 'How sure it is, 0 to 1.';
COMMENT ON COLUMN agentry_memory.memory_entries.length IS 'How many words it has, without stop words.';
COMMENT ON COLUMN agentry_memory.memory_entries.terms IS
    'Hashes of its lexemes with its organisation and owner, so that one index serves all owners, each as if alone.';
COMMENT ON COLUMN agentry_memory.memory_entries.frequencies IS
    'How often each of the terms is in it, 255 at most; NULL: once each.';
COMMENT ON COLUMN agentry_memory.memory_entries.tags IS 'Tags.';
COMMENT ON COLUMN agentry_memory.memory_entries.content IS 'The text that is searched and embedded.';
COMMENT ON COLUMN agentry_memory.memory_entries.content_hash IS 'MD5 of the text: what an embedding was made from.';
-- EXPLAIN shows estimates to everyone, and these come from statistics of all rows: none is kept of what was written
ALTER TABLE agentry_memory.memory_entries
    ALTER COLUMN content SET STATISTICS 0, ALTER COLUMN terms SET STATISTICS 0, ALTER COLUMN tags SET STATISTICS 0;

CREATE TABLE IF NOT EXISTS agentry_memory.memory_access (
    org_id         uuid        NOT NULL,
    entry_id       bigint      NOT NULL,
    access_count   integer     NOT NULL,
    last_accessed  timestamptz NOT NULL,
    CONSTRAINT memory_access_pkey PRIMARY KEY (org_id, entry_id),
    CONSTRAINT memory_access_entry_id_fkey FOREIGN KEY (org_id, entry_id)
        REFERENCES agentry_memory.memory_entries (org_id, id) ON DELETE CASCADE,
    CONSTRAINT memory_access_access_count_check CHECK (access_count > 0)
)
WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE agentry_memory.memory_access IS
    'Use of entries, as agentry_memory.mark_recalled() tells; apart, as recall itself writes nothing.';
COMMENT ON COLUMN agentry_memory.memory_access.entry_id IS 'The entry.';
COMMENT ON COLUMN agentry_memory.memory_access.access_count IS 'How often it was used.';
COMMENT ON COLUMN agentry_memory.memory_access.last_accessed IS 'When it was last used.';

-- Document frequencies.  A writer appends what it changed; now and then the changes of an owner are added up.  Rows of
-- a total that somebody has locked are passed over and another one is made, so nobody waits: totals are sums of rows.

CREATE TABLE IF NOT EXISTS agentry_memory.memory_changes (
    org_id   uuid     NOT NULL,
    owner_id uuid     NOT NULL,
    id       bigint   NOT NULL GENERATED ALWAYS AS IDENTITY,
    entries  integer  NOT NULL,
    length   bigint   NOT NULL,
    terms    bigint[] NOT NULL,
    CONSTRAINT memory_changes_pkey PRIMARY KEY (org_id, owner_id, id),
    CONSTRAINT memory_changes_entries_check CHECK (entries IN (-1, 1))
)
WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE agentry_memory.memory_changes IS
    'Entries that came or went and are not in the document frequencies yet.';
COMMENT ON COLUMN agentry_memory.memory_changes.owner_id IS 'Owner of the entry.';
COMMENT ON COLUMN agentry_memory.memory_changes.id IS 'Id.';
COMMENT ON COLUMN agentry_memory.memory_changes.entries IS '1: it came, -1: it went.';
COMMENT ON COLUMN agentry_memory.memory_changes.length IS 'Its length, with the sign of entries.';
COMMENT ON COLUMN agentry_memory.memory_changes.terms IS 'Its terms.';
ALTER TABLE agentry_memory.memory_changes ALTER COLUMN terms SET STATISTICS 0;

CREATE TABLE IF NOT EXISTS agentry_memory.memory_terms (
    org_id  uuid    NOT NULL,
    term    bigint  NOT NULL,
    id      bigint  NOT NULL GENERATED ALWAYS AS IDENTITY,
    entries integer NOT NULL,
    CONSTRAINT memory_terms_pkey PRIMARY KEY (org_id, term, id)
)
WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE agentry_memory.memory_terms IS
    'Document frequencies: in how many entries a term is, as a sum over rows.';
COMMENT ON COLUMN agentry_memory.memory_terms.term IS 'The term, as in memory_entries.terms.';
COMMENT ON COLUMN agentry_memory.memory_terms.id IS 'Keeps the rows of a term apart.';
COMMENT ON COLUMN agentry_memory.memory_terms.entries IS 'A part of the sum.';

CREATE TABLE IF NOT EXISTS agentry_memory.memory_owners (
    org_id   uuid   NOT NULL,
    owner_id uuid   NOT NULL,
    id       bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    entries  bigint NOT NULL,
    length   bigint NOT NULL,
    CONSTRAINT memory_owners_pkey PRIMARY KEY (org_id, owner_id, id)
)
WITH (fillfactor = 70);
COMMENT ON TABLE agentry_memory.memory_owners IS
    'How many entries an owner has and how long they are together, as sums over rows.';
COMMENT ON COLUMN agentry_memory.memory_owners.owner_id IS 'The owner: an agent, user, team or the organisation.';
COMMENT ON COLUMN agentry_memory.memory_owners.id IS 'Keeps the rows of an owner apart.';
COMMENT ON COLUMN agentry_memory.memory_owners.entries IS 'A part of the sum.';
COMMENT ON COLUMN agentry_memory.memory_owners.length IS 'A part of the sum, in words.';
