-- Embeddings: models of any dimension side by side, the vectors, and the queue of what waits for one.

CREATE TABLE IF NOT EXISTS agentry_memory.embedding_models (
    model_id        integer     NOT NULL GENERATED ALWAYS AS IDENTITY,
    name            text        NOT NULL,
    dimensions      integer     NOT NULL,
    index_method    text        NOT NULL DEFAULT 'hnsw',
    index_options   jsonb       NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT embedding_models_pkey PRIMARY KEY (model_id),
    CONSTRAINT embedding_models_name_key UNIQUE (name),
    CONSTRAINT embedding_models_name_check CHECK (name ~ '^[[:graph:]]{1,100}$'),
    CONSTRAINT embedding_models_dimensions_check CHECK (dimensions BETWEEN 1 AND 4000),
    CONSTRAINT embedding_models_index_method_check CHECK (index_method IN ('hnsw', 'ivfflat', 'none')),
    CONSTRAINT embedding_models_index_options_check CHECK (jsonb_typeof(index_options) = 'object')
);
COMMENT ON TABLE agentry_memory.embedding_models IS
    'Models that make embeddings; of the whole database.  Filled by agentry_memory.register_embedding_model().';
COMMENT ON COLUMN agentry_memory.embedding_models.model_id IS 'Id.';
COMMENT ON COLUMN agentry_memory.embedding_models.name IS 'Name, as its provider calls it, at most 100 characters.';
COMMENT ON COLUMN agentry_memory.embedding_models.dimensions IS 'Length of its vectors, 1 to 4,000.';
COMMENT ON COLUMN agentry_memory.embedding_models.index_method IS
    'Index of its vectors: hnsw, ivfflat, or none (every search is exact).';
COMMENT ON COLUMN agentry_memory.embedding_models.index_options IS
    'Storage parameters of the index: m, ef_construction (hnsw), lists (ivfflat).';

CREATE TABLE IF NOT EXISTS agentry_memory.organization_models (
    org_id     uuid        NOT NULL,
    model_id   integer     NOT NULL,
    is_default boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT organization_models_pkey PRIMARY KEY (org_id, model_id),
    CONSTRAINT organization_models_model_id_fkey FOREIGN KEY (model_id)
        REFERENCES agentry_memory.embedding_models (model_id)
);
COMMENT ON TABLE agentry_memory.organization_models IS
    'Models that an organisation uses: every entry of it waits for an embedding by each.';
COMMENT ON COLUMN agentry_memory.organization_models.model_id IS 'The model.';
COMMENT ON COLUMN agentry_memory.organization_models.is_default IS
    'Whether recall() uses it where none is named; at most one does.';

-- DROP EXTENSION vector CASCADE takes the column along; the embeddings are made anew
DO $memory_vectors$
BEGIN
    IF to_regclass('agentry_memory.memory_vectors') IS NOT NULL
       AND agentry._column_type(to_regclass('agentry_memory.memory_vectors'), 'embedding') IS NULL THEN
        DROP TABLE agentry_memory.memory_vectors CASCADE;
    END IF;
END;
$memory_vectors$;

CREATE TABLE IF NOT EXISTS agentry_memory.memory_vectors (
    org_id       uuid        NOT NULL,
    entry_id     bigint      NOT NULL,
    model_id     integer     NOT NULL,
    owner_id     uuid        NOT NULL,
    content_hash uuid        NOT NULL,
    embedding    halfvec     NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT memory_vectors_pkey PRIMARY KEY (org_id, entry_id, model_id),
    CONSTRAINT memory_vectors_entry_id_fkey FOREIGN KEY (org_id, entry_id)
        REFERENCES agentry_memory.memory_entries (org_id, id) ON DELETE CASCADE,
    CONSTRAINT memory_vectors_model_id_fkey FOREIGN KEY (org_id, model_id)
        REFERENCES agentry_memory.organization_models (org_id, model_id) ON DELETE CASCADE,
    CONSTRAINT memory_vectors_embedding_check CHECK (l2_norm(embedding) > 0)
);
-- in the row itself: a search reads it there, whatever its length
ALTER TABLE agentry_memory.memory_vectors ALTER COLUMN embedding SET STORAGE PLAIN;
COMMENT ON TABLE agentry_memory.memory_vectors IS 'Embeddings of entries, one for each model.';
COMMENT ON COLUMN agentry_memory.memory_vectors.entry_id IS 'The entry.';
COMMENT ON COLUMN agentry_memory.memory_vectors.model_id IS 'The model.';
COMMENT ON COLUMN agentry_memory.memory_vectors.owner_id IS 'Owner of the entry.';
COMMENT ON COLUMN agentry_memory.memory_vectors.content_hash IS 'MD5 of the text that it was made from.';
COMMENT ON COLUMN agentry_memory.memory_vectors.embedding IS
    'The embedding in half precision; never zero, compared by cosine.';

CREATE TABLE IF NOT EXISTS agentry_memory.embedding_queue (
    org_id       uuid        NOT NULL,
    entry_id     bigint      NOT NULL,
    model_id     integer     NOT NULL,
    status       text        NOT NULL DEFAULT 'pending',
    priority     smallint    NOT NULL DEFAULT 5,
    token        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    attempts     integer     NOT NULL DEFAULT 0,
    uncounted    integer     NOT NULL DEFAULT 0,
    available_at timestamptz NOT NULL DEFAULT now(),
    lease_until  timestamptz,
    dead_at      timestamptz,
    error        text,
    CONSTRAINT embedding_queue_pkey PRIMARY KEY (org_id, entry_id, model_id),
    CONSTRAINT embedding_queue_entry_id_fkey FOREIGN KEY (org_id, entry_id)
        REFERENCES agentry_memory.memory_entries (org_id, id) ON DELETE CASCADE,
    CONSTRAINT embedding_queue_model_id_fkey FOREIGN KEY (org_id, model_id)
        REFERENCES agentry_memory.organization_models (org_id, model_id) ON DELETE CASCADE,
    CONSTRAINT embedding_queue_status_check CHECK (status IN ('pending', 'claimed', 'failed', 'dead')),
    CONSTRAINT embedding_queue_priority_check CHECK (priority BETWEEN 1 AND 10),
    CONSTRAINT embedding_queue_attempts_check CHECK (attempts >= 0 AND uncounted BETWEEN 0 AND attempts),
    CONSTRAINT embedding_queue_lease_until_check CHECK ((status = 'claimed') = (lease_until IS NOT NULL)),
    CONSTRAINT embedding_queue_dead_at_check CHECK ((status = 'dead') = (dead_at IS NOT NULL))
)
WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE agentry_memory.embedding_queue IS 'Entries that wait for an embedding by a model.';
COMMENT ON COLUMN agentry_memory.embedding_queue.entry_id IS 'The entry.';
COMMENT ON COLUMN agentry_memory.embedding_queue.model_id IS 'The model.';
COMMENT ON COLUMN agentry_memory.embedding_queue.status IS
    'pending; claimed; failed (due again at available_at); dead (tried too often).';
COMMENT ON COLUMN agentry_memory.embedding_queue.priority IS '1 (first) to 10; what is embedded anew has 9.';
COMMENT ON COLUMN agentry_memory.embedding_queue.token IS
    'Token of the last claim.  No two claims have the same: a row goes when it is embedded and may come back with '
    'another text, and no claim from before that may count.';
COMMENT ON COLUMN agentry_memory.embedding_queue.attempts IS
    'How often it was claimed.  A change of the text counts too.';
COMMENT ON COLUMN agentry_memory.embedding_queue.uncounted IS
    'Claims that do not count against the setting memory.max_attempts.';
COMMENT ON COLUMN agentry_memory.embedding_queue.available_at IS 'When it may be claimed.';
COMMENT ON COLUMN agentry_memory.embedding_queue.lease_until IS 'When a claim ends by itself.';
COMMENT ON COLUMN agentry_memory.embedding_queue.dead_at IS 'When the last attempt failed.';
COMMENT ON COLUMN agentry_memory.embedding_queue.error IS 'Error of the last failed attempt.';
