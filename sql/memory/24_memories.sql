-- What agents remember, what links one memory to another, and when it is time to reflect.

CREATE TABLE IF NOT EXISTS agentry_memory.agent_memories (
    org_id              uuid        NOT NULL,
    id                  uuid        NOT NULL,
    agent_id            uuid        NOT NULL,
    user_id             uuid,
    team_id             uuid,
    scope               text        NOT NULL DEFAULT 'agent',
    readers             uuid[]      NOT NULL GENERATED ALWAYS AS (
        array_remove(ARRAY[agent_id, CASE scope WHEN 'organisation' THEN org_id
                                                WHEN 'team' THEN team_id
                                                WHEN 'user' THEN user_id END], NULL)) STORED,
    memory_type         text        NOT NULL DEFAULT 'episodic',
    content             jsonb       NOT NULL,
    text                text        NOT NULL,
    importance          real        NOT NULL DEFAULT 0.5,
    emotional_relevance real,
    decay_rate          real        NOT NULL DEFAULT 0.1,
    tags                text[]      NOT NULL DEFAULT '{}',
    related_agents      uuid[]      NOT NULL DEFAULT '{}',
    related_users       uuid[]      NOT NULL DEFAULT '{}',
    location            text,
    session             text,
    session_order       bigint,
    occurred_at         timestamptz NOT NULL DEFAULT now(),
    expires_at          timestamptz,
    pinned              boolean     NOT NULL DEFAULT false,
    metadata            jsonb       NOT NULL DEFAULT '{}',
    source_kind         text,
    source_id           text,
    idempotency_key     text,
    archived_at         timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT agent_memories_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT agent_memories_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT agent_memories_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES agentry.users (org_id, id),
    CONSTRAINT agent_memories_team_id_fkey FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams (org_id, id),
    CONSTRAINT agent_memories_scope_check CHECK (
        CASE scope WHEN 'organisation' THEN true
                   WHEN 'team' THEN team_id IS NOT NULL
                   WHEN 'user' THEN user_id IS NOT NULL
                   ELSE scope = 'agent' AND agent_id IS NOT NULL END),
    CONSTRAINT agent_memories_memory_type_check CHECK (
        memory_type IN ('episodic', 'semantic', 'procedural', 'working', 'observation', 'reflection', 'plan',
                        'metacognition')),
    -- NULL, which a key that is not there gives, would pass
    CONSTRAINT agent_memories_content_check CHECK (coalesce(
        jsonb_typeof(content) = 'object'
        AND CASE memory_type
                WHEN 'episodic' THEN jsonb_typeof(content -> 'event') IN ('string', 'object')
                                     AND jsonb_typeof(content -> 'temporal') IN ('string', 'object')
                WHEN 'semantic' THEN jsonb_typeof(content -> 'concept') = 'string'
                                     AND jsonb_typeof(content -> 'definition') IN ('string', 'object', 'array')
                WHEN 'procedural' THEN jsonb_typeof(content -> 'skill') = 'string'
                                       AND jsonb_typeof(content -> 'steps') = 'array'
                WHEN 'working' THEN jsonb_typeof(content -> 'items') = 'array'
                                    AND jsonb_typeof(content -> 'capacity') = 'number'
                ELSE jsonb_typeof(content -> 'text') = 'string'
            END, false)),
    CONSTRAINT agent_memories_text_check CHECK (text ~ '[^[:space:]]'),
    CONSTRAINT agent_memories_importance_check CHECK (importance BETWEEN 0 AND 1),
    CONSTRAINT agent_memories_emotional_relevance_check CHECK (emotional_relevance BETWEEN 0 AND 1),
    CONSTRAINT agent_memories_decay_rate_check CHECK (decay_rate BETWEEN 0 AND 1000),
    CONSTRAINT agent_memories_tags_check
        CHECK (array_ndims(tags) IS NOT DISTINCT FROM nullif(sign(cardinality(tags))::integer, 0)
               AND array_position(tags, NULL) IS NULL),
    CONSTRAINT agent_memories_related_check
        CHECK (array_position(related_agents, NULL) IS NULL AND array_position(related_users, NULL) IS NULL),
    CONSTRAINT agent_memories_location_check CHECK (location ~ '[^[:space:]]'),
    CONSTRAINT agent_memories_session_check CHECK (
        CASE WHEN session IS NULL THEN session_order IS NULL ELSE session ~ '[^[:space:]]' END),
    CONSTRAINT agent_memories_occurred_at_check CHECK (isfinite(occurred_at)),
    CONSTRAINT agent_memories_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
    CONSTRAINT agent_memories_source_check CHECK (
        CASE WHEN source_kind IS NULL THEN source_id IS NULL
             ELSE source_kind ~ '^[a-z][a-z0-9_]{0,39}$' AND source_id IS NOT NULL END),
    CONSTRAINT agent_memories_idempotency_key_check CHECK (length(idempotency_key) BETWEEN 1 AND 255)
)
WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
COMMENT ON TABLE agentry_memory.agent_memories IS
    'What agents remember.  Strength fades with time when it is read (v_memory_strength); nothing stored does.';
COMMENT ON COLUMN agentry_memory.agent_memories.id IS 'Id (UUID version 7, RFC 9562).';
COMMENT ON COLUMN agentry_memory.agent_memories.agent_id IS 'The agent that remembers.';
COMMENT ON COLUMN agentry_memory.agent_memories.user_id IS 'The user that scope user means.';
COMMENT ON COLUMN agentry_memory.agent_memories.team_id IS 'The team that scope team means.';
COMMENT ON COLUMN agentry_memory.agent_memories.scope IS
    'Who else reads it: agent (nobody), user, team, organisation.';
COMMENT ON COLUMN agentry_memory.agent_memories.readers IS 'Ids of those who read it; made from the columns before.';
COMMENT ON COLUMN agentry_memory.agent_memories.memory_type IS
    'episodic, semantic, procedural, working (Tulving 1972; Baddeley and Hitch 1974), observation, reflection, plan '
    '(Park et al. 2023), metacognition.';
COMMENT ON COLUMN agentry_memory.agent_memories.content IS
    'A JSON object with at least: episodic {event, temporal}: text or objects; semantic {concept: text, definition}; '
    'procedural {skill: text, steps: array}; working {items: array, capacity: number}; others {text}.';
COMMENT ON COLUMN agentry_memory.agent_memories.text IS
    'What people read of the content, and what is recalled; made from it by trigger.';
COMMENT ON COLUMN agentry_memory.agent_memories.importance IS
    'How much it matters, 0 to 1 (0.1 to 1 for a score of 1 to 10); it never changes.';
COMMENT ON COLUMN agentry_memory.agent_memories.emotional_relevance IS 'How much it moves, 0 to 1; NULL: not known.';
COMMENT ON COLUMN agentry_memory.agent_memories.decay_rate IS
    'How fast its strength fades, a day: strength is importance * exp(-decay_rate * days); 0 to 1,000.';
COMMENT ON COLUMN agentry_memory.agent_memories.tags IS 'Tags.';
COMMENT ON COLUMN agentry_memory.agent_memories.related_agents IS 'Agents that it is about.';
COMMENT ON COLUMN agentry_memory.agent_memories.related_users IS 'Users that it is about.';
COMMENT ON COLUMN agentry_memory.agent_memories.location IS 'Where it happened.';
COMMENT ON COLUMN agentry_memory.agent_memories.session IS
    'What it is a part of: memories of one session are neighbours.';
COMMENT ON COLUMN agentry_memory.agent_memories.session_order IS 'Its place in the session [by occurred_at].';
COMMENT ON COLUMN agentry_memory.agent_memories.occurred_at IS 'When it happened.';
COMMENT ON COLUMN agentry_memory.agent_memories.expires_at IS
    'From when on it is not recalled, and removed by agentry_memory.expire_memories(); NULL: never.';
COMMENT ON COLUMN agentry_memory.agent_memories.pinned IS 'Whether its strength stays at its importance.';
COMMENT ON COLUMN agentry_memory.agent_memories.metadata IS 'Whatever else is to be kept with it; a JSON object.';
COMMENT ON COLUMN agentry_memory.agent_memories.source_kind IS
    'Kind of what it came from: chat_message, job, ...; lower case letters, digits and _, at most 40.';
COMMENT ON COLUMN agentry_memory.agent_memories.source_id IS
    'Id of what it came from, as text; no foreign key, as that stands in any module.';
COMMENT ON COLUMN agentry_memory.agent_memories.idempotency_key IS
    'The agent''s key for it, 1 to 255 characters: remembered twice, it is one memory.';
COMMENT ON COLUMN agentry_memory.agent_memories.archived_at IS 'From when on it is kept but not recalled.';
COMMENT ON CONSTRAINT agent_memories_scope_check ON agentry_memory.agent_memories IS
    'A scope is agent, user, team or organisation; what it names is set.';
COMMENT ON CONSTRAINT agent_memories_memory_type_check ON agentry_memory.agent_memories IS
    'A memory is episodic, semantic, procedural, working, observation, reflection, plan or metacognition.';
COMMENT ON CONSTRAINT agent_memories_content_check ON agentry_memory.agent_memories IS
    'Content is a JSON object with the parts of its type: episodic {event, temporal}, semantic {concept, '
    'definition}, procedural {skill, steps}, working {items, capacity}, others {text}.';
COMMENT ON CONSTRAINT agent_memories_text_check ON agentry_memory.agent_memories IS
    'There is something to read in the content.';
COMMENT ON CONSTRAINT agent_memories_importance_check ON agentry_memory.agent_memories IS 'Importance is 0 to 1.';
COMMENT ON CONSTRAINT agent_memories_emotional_relevance_check ON agentry_memory.agent_memories IS
    'Emotional relevance is 0 to 1.';
COMMENT ON CONSTRAINT agent_memories_decay_rate_check ON agentry_memory.agent_memories IS
    'A decay rate is 0 to 1000, a day.';
COMMENT ON CONSTRAINT agent_memories_tags_check ON agentry_memory.agent_memories IS
    'Tags are a list of texts, none of them NULL.';
COMMENT ON CONSTRAINT agent_memories_related_check ON agentry_memory.agent_memories IS
    'Whom it is about is told by lists without NULL.';
COMMENT ON CONSTRAINT agent_memories_location_check ON agentry_memory.agent_memories IS
    'A location is not blank; NULL: none is known.';
COMMENT ON CONSTRAINT agent_memories_session_check ON agentry_memory.agent_memories IS
    'A session is not blank; session_order is a place in a session, so that is given too.';
COMMENT ON CONSTRAINT agent_memories_occurred_at_check ON agentry_memory.agent_memories IS
    'It happened at a time that is not infinite.';
COMMENT ON CONSTRAINT agent_memories_metadata_check ON agentry_memory.agent_memories IS 'metadata is a JSON object.';
COMMENT ON CONSTRAINT agent_memories_source_check ON agentry_memory.agent_memories IS
    'source_kind and source_id come together; the kind is a word of lower case letters, digits and _, at most 40 '
    'characters, and begins with a letter.';
COMMENT ON CONSTRAINT agent_memories_idempotency_key_check ON agentry_memory.agent_memories IS
    'An idempotency key is 1 to 255 characters.';

CREATE TABLE IF NOT EXISTS agentry_memory.memory_links (
    org_id     uuid        NOT NULL,
    from_kind  text        NOT NULL DEFAULT 'memory',
    from_id    uuid        NOT NULL,
    relation   text        NOT NULL,
    to_kind    text        NOT NULL DEFAULT 'memory',
    to_id      uuid        NOT NULL,
    agent_id   uuid,
    user_id    uuid,
    team_id    uuid,
    scope      text        NOT NULL DEFAULT 'agent',
    readers    uuid[]      NOT NULL GENERATED ALWAYS AS (
        array_remove(ARRAY[agent_id, CASE scope WHEN 'organisation' THEN org_id
                                                WHEN 'team' THEN team_id
                                                WHEN 'user' THEN user_id END], NULL)) STORED,
    weight     real        NOT NULL DEFAULT 1,
    note       text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT memory_links_pkey PRIMARY KEY (org_id, from_kind, from_id, relation, to_kind, to_id),
    CONSTRAINT memory_links_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT memory_links_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES agentry.users (org_id, id),
    CONSTRAINT memory_links_team_id_fkey FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams (org_id, id),
    CONSTRAINT memory_links_scope_check CHECK (
        CASE scope WHEN 'organisation' THEN true
                   WHEN 'team' THEN team_id IS NOT NULL
                   WHEN 'user' THEN user_id IS NOT NULL
                   ELSE scope = 'agent' AND agent_id IS NOT NULL END),
    CONSTRAINT memory_links_kind_check CHECK (
        from_kind IN ('memory', 'raw_memory', 'event', 'view', 'concept')
        AND to_kind IN ('memory', 'raw_memory', 'event', 'view', 'concept')),
    CONSTRAINT memory_links_relation_check CHECK (
        relation IN ('derived_from', 'supports', 'contradicts', 'supersedes', 'summarises')),
    CONSTRAINT memory_links_itself_check CHECK ((from_kind, from_id) <> (to_kind, to_id)),
    CONSTRAINT memory_links_weight_check CHECK (weight BETWEEN 0 AND 1),
    CONSTRAINT memory_links_note_check CHECK (note ~ '[^[:space:]]')
);
COMMENT ON TABLE agentry_memory.memory_links IS
    'How memories, raw memories, events, views and concepts hang together: what came from what, and what speaks for or '
    'against it.  Who reads the one that a link starts from reads the link.';
COMMENT ON COLUMN agentry_memory.memory_links.from_kind IS
    'Kind of what it starts from: memory, raw_memory, event, view, concept.';
COMMENT ON COLUMN agentry_memory.memory_links.from_id IS 'Id of what it starts from.';
COMMENT ON COLUMN agentry_memory.memory_links.relation IS
    'What the one that it starts from is to the other: derived_from, supports, contradicts, supersedes, summarises.';
COMMENT ON COLUMN agentry_memory.memory_links.to_kind IS
    'Kind of the other: memory, raw_memory, event, view, concept.';
COMMENT ON COLUMN agentry_memory.memory_links.to_id IS 'Id of the other.';
COMMENT ON COLUMN agentry_memory.memory_links.agent_id IS 'Agent of what it starts from; kept by trigger.';
COMMENT ON COLUMN agentry_memory.memory_links.user_id IS 'User of what it starts from; kept by trigger.';
COMMENT ON COLUMN agentry_memory.memory_links.team_id IS 'Team of what it starts from; kept by trigger.';
COMMENT ON COLUMN agentry_memory.memory_links.scope IS 'Scope of what it starts from; kept by trigger.';
COMMENT ON COLUMN agentry_memory.memory_links.readers IS 'Ids of those who read it; made from the columns before.';
COMMENT ON COLUMN agentry_memory.memory_links.weight IS 'How much it counts, 0 to 1.';
COMMENT ON COLUMN agentry_memory.memory_links.note IS 'Why; for people.';
COMMENT ON CONSTRAINT memory_links_scope_check ON agentry_memory.memory_links IS
    'A scope is agent, user, team or organisation; what it names is set.';
COMMENT ON CONSTRAINT memory_links_kind_check ON agentry_memory.memory_links IS
    'A kind is memory, raw_memory, event, view or concept.';
COMMENT ON CONSTRAINT memory_links_relation_check ON agentry_memory.memory_links IS
    'A relation is derived_from, supports, contradicts, supersedes or summarises.';
COMMENT ON CONSTRAINT memory_links_itself_check ON agentry_memory.memory_links IS
    'A link leads to something else than it starts from.';
COMMENT ON CONSTRAINT memory_links_weight_check ON agentry_memory.memory_links IS 'A weight is 0 to 1.';
COMMENT ON CONSTRAINT memory_links_note_check ON agentry_memory.memory_links IS
    'A note is not blank; NULL: there is none.';

CREATE TABLE IF NOT EXISTS agentry_memory.memory_link_kinds (
    kind        text     NOT NULL,
    table_name  regclass NOT NULL,
    id_column   name     NOT NULL,
    time_column name,
    content     text     NOT NULL,
    CONSTRAINT memory_link_kinds_pkey PRIMARY KEY (kind)
);
COMMENT ON TABLE agentry_memory.memory_link_kinds IS
    'Tables whose rows memory_links link; filled by agentry_memory._register_link_kind().';
COMMENT ON COLUMN agentry_memory.memory_link_kinds.kind IS 'Kind, as in memory_links.';
COMMENT ON COLUMN agentry_memory.memory_link_kinds.table_name IS 'The table.';
COMMENT ON COLUMN agentry_memory.memory_link_kinds.id_column IS 'Column with the id, a UUID.';
COMMENT ON COLUMN agentry_memory.memory_link_kinds.time_column IS
    'Column by which a monthly table is partitioned: the time in the id; NULL: it is not.';
COMMENT ON COLUMN agentry_memory.memory_link_kinds.content IS
    'SQL expression over a row called t: what people read of it.';

-- Importance since the last reflection.  A writer appends what it adds, so that no writer waits for another; a
-- reflection removes what it can see; maintenance adds the rest up.

CREATE TABLE IF NOT EXISTS agentry_memory.memory_importance (
    org_id     uuid             NOT NULL,
    agent_id   uuid             NOT NULL,
    id         bigint           NOT NULL GENERATED ALWAYS AS IDENTITY,
    importance double precision NOT NULL,
    memories   integer          NOT NULL,
    since      timestamptz      NOT NULL DEFAULT now(),
    CONSTRAINT memory_importance_pkey PRIMARY KEY (org_id, agent_id, id),
    CONSTRAINT memory_importance_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT memory_importance_memories_check CHECK (memories > 0 AND importance BETWEEN 0 AND memories)
)
WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE agentry_memory.memory_importance IS
    'Importance of what an agent has remembered since its last reflection, as a sum over rows.';
COMMENT ON COLUMN agentry_memory.memory_importance.agent_id IS 'The agent.';
COMMENT ON COLUMN agentry_memory.memory_importance.id IS 'Keeps the rows of an agent apart.';
COMMENT ON COLUMN agentry_memory.memory_importance.importance IS 'A part of the sum.';
COMMENT ON COLUMN agentry_memory.memory_importance.memories IS 'How many memories it is the importance of.';
COMMENT ON COLUMN agentry_memory.memory_importance.since IS 'When the first of them was remembered.';

CREATE TABLE IF NOT EXISTS agentry_memory.agent_memory_settings (
    org_id               uuid        NOT NULL,
    agent_id             uuid        NOT NULL,
    reflection_threshold real,
    reflection_memories  integer,
    reflections_a_day    integer,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT agent_memory_settings_pkey PRIMARY KEY (org_id, agent_id),
    CONSTRAINT agent_memory_settings_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT agent_memory_settings_reflection_threshold_check CHECK (reflection_threshold BETWEEN 0.1 AND 100000),
    CONSTRAINT agent_memory_settings_reflection_memories_check CHECK (reflection_memories BETWEEN 1 AND 100000),
    CONSTRAINT agent_memory_settings_reflections_a_day_check CHECK (reflections_a_day BETWEEN 0 AND 1000)
);
COMMENT ON TABLE agentry_memory.agent_memory_settings IS
    'What one agent does otherwise than the settings of its organisation say; NULL: as they do.';
COMMENT ON COLUMN agentry_memory.agent_memory_settings.agent_id IS 'The agent.';
COMMENT ON COLUMN agentry_memory.agent_memory_settings.reflection_threshold IS
    'Importance after which a reflection is due, as a sum of numbers of 0 to 1 [memory.reflection_threshold: 15, which '
    'is 150 where importance goes from 1 to 10, as in Park et al. 2023, section 4.2].';
COMMENT ON COLUMN agentry_memory.agent_memory_settings.reflection_memories IS
    'How many memories a reflection needs at least [memory.reflection_memories: 5].';
COMMENT ON COLUMN agentry_memory.agent_memory_settings.reflections_a_day IS
    'After how many reflections within 24 hours none is due [memory.reflections_a_day: 3].';
COMMENT ON CONSTRAINT agent_memory_settings_reflection_threshold_check ON agentry_memory.agent_memory_settings IS
    'reflection_threshold is 0.1 to 100000; NULL: that of the organisation.';
COMMENT ON CONSTRAINT agent_memory_settings_reflection_memories_check ON agentry_memory.agent_memory_settings IS
    'reflection_memories is 1 to 100000; NULL: that of the organisation.';
COMMENT ON CONSTRAINT agent_memory_settings_reflections_a_day_check ON agentry_memory.agent_memory_settings IS
    'reflections_a_day is 0 to 1000; NULL: that of the organisation.';

-- EXPLAIN shows estimates to everyone, and these come from statistics of all rows: none is kept of what was written
ALTER TABLE agentry_memory.agent_memories
    ALTER COLUMN content SET STATISTICS 0, ALTER COLUMN text SET STATISTICS 0, ALTER COLUMN tags SET STATISTICS 0,
    ALTER COLUMN related_agents SET STATISTICS 0, ALTER COLUMN related_users SET STATISTICS 0,
    ALTER COLUMN location SET STATISTICS 0, ALTER COLUMN session SET STATISTICS 0,
    ALTER COLUMN metadata SET STATISTICS 0;
ALTER TABLE agentry_memory.memory_links ALTER COLUMN note SET STATISTICS 0;
