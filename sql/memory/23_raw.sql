-- What was said and seen, as it came (raw memories), and what was read out of it (events).  Both by month; the id of a
-- raw memory carries the millisecond of its time, and its time no more than that, so that id and time tell each other:
-- a look-up by id reads one month, and an event names its memory by the id alone.

CREATE TABLE IF NOT EXISTS agentry_memory.raw_memories (
    org_id           uuid        NOT NULL,
    memory_id        uuid        NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    agent_id         uuid,
    user_id          uuid,
    team_id          uuid,
    scope            text        NOT NULL DEFAULT 'agent',
    readers          uuid[]      NOT NULL GENERATED ALWAYS AS (
        array_remove(ARRAY[agent_id, CASE scope WHEN 'organisation' THEN org_id
                                                WHEN 'team' THEN team_id
                                                WHEN 'user' THEN user_id END], NULL)) STORED,
    content_type     text        NOT NULL DEFAULT 'text',
    content          text,
    encrypted        bytea,
    key_ref          text,
    metadata         jsonb       NOT NULL DEFAULT '{}',
    session          text,
    session_order    bigint,
    idempotency_key  text,
    redacted_at      timestamptz,
    redaction_reason text,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT raw_memories_pkey PRIMARY KEY (org_id, created_at, memory_id),
    CONSTRAINT raw_memories_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT raw_memories_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES agentry.users (org_id, id),
    CONSTRAINT raw_memories_team_id_fkey FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams (org_id, id),
    CONSTRAINT raw_memories_scope_check CHECK (
        CASE scope WHEN 'organisation' THEN true
                   WHEN 'team' THEN team_id IS NOT NULL
                   WHEN 'user' THEN user_id IS NOT NULL
                   ELSE scope = 'agent' AND agent_id IS NOT NULL END),
    CONSTRAINT raw_memories_content_type_check
        CHECK (content_type IN ('text', 'voice', 'image', 'document', 'action', 'external')),
    CONSTRAINT raw_memories_content_check CHECK (content ~ '[^[:space:]]'),
    CONSTRAINT chk_content_or_encrypted
        CHECK (num_nonnulls(content, encrypted) = CASE WHEN redacted_at IS NULL THEN 1 ELSE 0 END),
    CONSTRAINT raw_memories_key_ref_check
        CHECK (key_ref IS NULL OR encrypted IS NOT NULL AND key_ref ~ '[^[:space:]]'),
    CONSTRAINT raw_memories_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
    CONSTRAINT raw_memories_session_order_check CHECK (session_order IS NULL OR session IS NOT NULL),
    CONSTRAINT raw_memories_idempotency_key_check CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    CONSTRAINT raw_memories_redaction_reason_check CHECK (redaction_reason IS NULL OR redacted_at IS NOT NULL)
) PARTITION BY RANGE (created_at);
CREATE TABLE IF NOT EXISTS agentry_memory.raw_memories_default PARTITION OF agentry_memory.raw_memories DEFAULT;
COMMENT ON TABLE agentry_memory.raw_memories IS
    'Raw memories: what was said and seen, as it came, by month; after two years in the archive '
    '(agentry_memory.v_raw_memories_all).  Id, time and owner never change.';
COMMENT ON COLUMN agentry_memory.raw_memories.memory_id IS
    'Id, a UUID version 7 of the time in created_at; made where none is given.';
COMMENT ON COLUMN agentry_memory.raw_memories.created_at IS
    'When it was said or seen [now], to the millisecond, as in the id.';
COMMENT ON COLUMN agentry_memory.raw_memories.agent_id IS 'The agent it belongs to; NULL: it is of a user alone.';
COMMENT ON COLUMN agentry_memory.raw_memories.user_id IS 'The user it is of, or from.';
COMMENT ON COLUMN agentry_memory.raw_memories.team_id IS 'The team that shares it.';
COMMENT ON COLUMN agentry_memory.raw_memories.scope IS
    'Who reads it beside its agent: organisation, its team, its user, or nobody (agent).';
COMMENT ON COLUMN agentry_memory.raw_memories.readers IS
    'Who reads it: ids of its agent, and of the organisation, team or user that shares it.';
COMMENT ON COLUMN agentry_memory.raw_memories.content_type IS
    'What it was: text, voice, image, document, action, external.';
COMMENT ON COLUMN agentry_memory.raw_memories.content IS
    'Its text (of what is no text, what stands for it), never blank; NULL: encrypted, or redacted.';
COMMENT ON COLUMN agentry_memory.raw_memories.encrypted IS
    'The ciphertext that a client made; NULL: not encrypted, or redacted.  It is not recalled.';
COMMENT ON COLUMN agentry_memory.raw_memories.key_ref IS 'Where the key of the ciphertext is kept; never the key.';
COMMENT ON COLUMN agentry_memory.raw_memories.metadata IS
    'Anything else about it, a JSON object; emptied by redaction.';
COMMENT ON COLUMN agentry_memory.raw_memories.session IS 'The conversation or sitting that it is from.';
COMMENT ON COLUMN agentry_memory.raw_memories.session_order IS 'Its place in the session; NULL: by its time.';
COMMENT ON COLUMN agentry_memory.raw_memories.idempotency_key IS
    'The owner''s key for it, 1 to 255 characters: stored twice, it is one memory.';
COMMENT ON COLUMN agentry_memory.raw_memories.redacted_at IS
    'When agentry_memory.redact_raw_memory() took its content away.';
COMMENT ON COLUMN agentry_memory.raw_memories.redaction_reason IS 'Why.';
COMMENT ON CONSTRAINT raw_memories_scope_check ON agentry_memory.raw_memories IS
    'A scope is agent, user, team or organisation; what it names is set.';
COMMENT ON CONSTRAINT raw_memories_content_type_check ON agentry_memory.raw_memories IS
    'A content type is text, voice, image, document, action or external.';
COMMENT ON CONSTRAINT raw_memories_content_check ON agentry_memory.raw_memories IS 'The text is not blank.';
COMMENT ON CONSTRAINT chk_content_or_encrypted ON agentry_memory.raw_memories IS
    'It is a text or a ciphertext, until it is redacted.';
COMMENT ON CONSTRAINT raw_memories_key_ref_check ON agentry_memory.raw_memories IS
    'key_ref says where the key of a ciphertext is kept; it is not blank.';
COMMENT ON CONSTRAINT raw_memories_metadata_check ON agentry_memory.raw_memories IS 'metadata is a JSON object.';
COMMENT ON CONSTRAINT raw_memories_session_order_check ON agentry_memory.raw_memories IS
    'session_order is a place in a session, so that is given too.';
COMMENT ON CONSTRAINT raw_memories_idempotency_key_check ON agentry_memory.raw_memories IS
    'An idempotency key is 1 to 255 characters.';
COMMENT ON CONSTRAINT raw_memories_redaction_reason_check ON agentry_memory.raw_memories IS
    'A reason of redaction is of what is redacted.';

CREATE TABLE IF NOT EXISTS agentry_memory.event_memories (
    org_id            uuid        NOT NULL,
    event_id          uuid        NOT NULL,
    "timestamp"       timestamptz NOT NULL DEFAULT now(),
    memory_id         uuid        NOT NULL,
    -- as agentry.uuidv7_time(memory_id), which is of the extension
    memory_created_at timestamptz NOT NULL GENERATED ALWAYS AS (
        (timestamp '1970-01-01' + make_interval(
            days => (('x' || encode(substring(uuid_send(memory_id) FROM 1 FOR 6), 'hex'))::bit(48)::bigint
                     / 86400000)::integer,
            secs => (('x' || encode(substring(uuid_send(memory_id) FROM 1 FOR 6), 'hex'))::bit(48)::bigint
                     % 86400000) / 1000.0)) AT TIME ZONE 'UTC') STORED,
    ordinal           integer     NOT NULL DEFAULT 1,
    agent_id          uuid,
    user_id           uuid,
    team_id           uuid,
    scope             text        NOT NULL DEFAULT 'agent',
    readers           uuid[]      NOT NULL GENERATED ALWAYS AS (
        array_remove(ARRAY[agent_id, CASE scope WHEN 'organisation' THEN org_id
                                                WHEN 'team' THEN team_id
                                                WHEN 'user' THEN user_id END], NULL)) STORED,
    actor             text,
    action            text        NOT NULL,
    target            text        NOT NULL,
    quantity          numeric,
    unit              text,
    confidence        real        NOT NULL DEFAULT 1,
    extractor_version text,
    source            text        NOT NULL DEFAULT 'manual',
    metadata          jsonb       NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT event_memories_pkey PRIMARY KEY (org_id, "timestamp", event_id),
    CONSTRAINT event_memories_memory_id_fkey FOREIGN KEY (org_id, memory_created_at, memory_id)
        REFERENCES agentry_memory.raw_memories (org_id, created_at, memory_id) DEFERRABLE,
    CONSTRAINT event_memories_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT event_memories_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES agentry.users (org_id, id),
    CONSTRAINT event_memories_team_id_fkey FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams (org_id, id),
    CONSTRAINT event_memories_timestamp_check CHECK (isfinite("timestamp")),
    CONSTRAINT event_memories_ordinal_check CHECK (ordinal > 0),
    CONSTRAINT event_memories_scope_check CHECK (
        CASE scope WHEN 'organisation' THEN true
                   WHEN 'team' THEN team_id IS NOT NULL
                   WHEN 'user' THEN user_id IS NOT NULL
                   ELSE scope = 'agent' AND agent_id IS NOT NULL END),
    CONSTRAINT event_memories_action_check CHECK (action ~ '[^[:space:]]'),
    CONSTRAINT event_memories_target_check CHECK (target ~ '[^[:space:]]'),
    -- NaN is above all numbers
    CONSTRAINT chk_quantity_positive CHECK (quantity > 0 AND quantity < 'Infinity'),
    CONSTRAINT event_memories_unit_check CHECK (unit IS NULL OR quantity IS NOT NULL),
    CONSTRAINT chk_confidence_range CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT event_memories_metadata_check CHECK (jsonb_typeof(metadata) = 'object')
) PARTITION BY RANGE ("timestamp");
CREATE TABLE IF NOT EXISTS agentry_memory.event_memories_default PARTITION OF agentry_memory.event_memories DEFAULT;
COMMENT ON TABLE agentry_memory.event_memories IS
    'Events that were read out of raw memories: who did what to what, how much, when; by month, after two years in the '
    'archive (agentry_memory.v_event_memories_all).  An event has the owner and scope of its memory.';
COMMENT ON COLUMN agentry_memory.event_memories.event_id IS 'Id.';
COMMENT ON COLUMN agentry_memory.event_memories."timestamp" IS 'When it happened [now].';
COMMENT ON COLUMN agentry_memory.event_memories.memory_id IS 'The raw memory that it was read out of.';
COMMENT ON COLUMN agentry_memory.event_memories.memory_created_at IS 'The time of that memory, from its id.';
COMMENT ON COLUMN agentry_memory.event_memories.ordinal IS
    'Its place among the events of the memory, from 1 on; no two have the same.';
COMMENT ON COLUMN agentry_memory.event_memories.agent_id IS 'The agent it belongs to, as the memory does.';
COMMENT ON COLUMN agentry_memory.event_memories.user_id IS 'The user it is of, as the memory is.';
COMMENT ON COLUMN agentry_memory.event_memories.team_id IS 'The team that shares it, as the memory.';
COMMENT ON COLUMN agentry_memory.event_memories.scope IS 'Who reads it, as the memory.';
COMMENT ON COLUMN agentry_memory.event_memories.readers IS 'Who reads it, as the memory.';
COMMENT ON COLUMN agentry_memory.event_memories.actor IS 'Who did it, in words; NULL: whose memory it is.';
COMMENT ON COLUMN agentry_memory.event_memories.action IS 'What was done, such as eat.';
COMMENT ON COLUMN agentry_memory.event_memories.target IS 'To what or whom.';
COMMENT ON COLUMN agentry_memory.event_memories.quantity IS 'How much, above 0.';
COMMENT ON COLUMN agentry_memory.event_memories.unit IS 'Of what the quantity is a number.';
COMMENT ON COLUMN agentry_memory.event_memories.confidence IS 'How sure the extraction is, 0 to 1.';
COMMENT ON COLUMN agentry_memory.event_memories.extractor_version IS 'Version of what read it out.';
COMMENT ON COLUMN agentry_memory.event_memories.source IS 'How it came here: manual, or the name of the extractor.';
COMMENT ON COLUMN agentry_memory.event_memories.metadata IS 'Anything else about it, a JSON object.';

-- What is unique over all months: a unique index of a monthly table would have to hold its time.  Kept by triggers.

CREATE TABLE IF NOT EXISTS agentry_memory.raw_memory_keys (
    org_id          uuid NOT NULL,
    owner_id        uuid NOT NULL,
    idempotency_key text NOT NULL,
    memory_id       uuid NOT NULL,
    CONSTRAINT raw_memory_keys_pkey PRIMARY KEY (org_id, owner_id, idempotency_key)
);
COMMENT ON TABLE agentry_memory.raw_memory_keys IS 'Idempotency keys of raw memories, those in the archive too.';
COMMENT ON COLUMN agentry_memory.raw_memory_keys.owner_id IS
    'Whose key: id of the agent of the memory, else of its user, its team, the organisation.';
COMMENT ON COLUMN agentry_memory.raw_memory_keys.idempotency_key IS 'The key.';
COMMENT ON COLUMN agentry_memory.raw_memory_keys.memory_id IS 'The memory.';

CREATE TABLE IF NOT EXISTS agentry_memory.event_memory_keys (
    org_id      uuid        NOT NULL,
    memory_id   uuid        NOT NULL,
    ordinal     integer     NOT NULL,
    event_id    uuid        NOT NULL,
    "timestamp" timestamptz NOT NULL,
    CONSTRAINT uq_event_per_memory PRIMARY KEY (org_id, memory_id, ordinal)
);
COMMENT ON TABLE agentry_memory.event_memory_keys IS
    'Places of events among those of their memory, those in the archive too: one event has each.';
COMMENT ON COLUMN agentry_memory.event_memory_keys.memory_id IS 'The memory.';
COMMENT ON COLUMN agentry_memory.event_memory_keys.ordinal IS 'The place, from 1 on.';
COMMENT ON COLUMN agentry_memory.event_memory_keys.event_id IS 'The event.';
COMMENT ON COLUMN agentry_memory.event_memory_keys."timestamp" IS 'When it happened, by which its month is found.';

-- EXPLAIN shows estimates to everyone, and these come from statistics of all rows: none is kept of what was written
ALTER TABLE agentry_memory.raw_memories
    ALTER COLUMN content SET STATISTICS 0, ALTER COLUMN encrypted SET STATISTICS 0,
    ALTER COLUMN key_ref SET STATISTICS 0, ALTER COLUMN metadata SET STATISTICS 0,
    ALTER COLUMN session SET STATISTICS 0, ALTER COLUMN idempotency_key SET STATISTICS 0,
    ALTER COLUMN redaction_reason SET STATISTICS 0;
ALTER TABLE agentry_memory.event_memories
    ALTER COLUMN actor SET STATISTICS 0, ALTER COLUMN action SET STATISTICS 0, ALTER COLUMN target SET STATISTICS 0,
    ALTER COLUMN quantity SET STATISTICS 0, ALTER COLUMN unit SET STATISTICS 0,
    ALTER COLUMN metadata SET STATISTICS 0;
ALTER TABLE agentry_memory.raw_memory_keys ALTER COLUMN idempotency_key SET STATISTICS 0;
