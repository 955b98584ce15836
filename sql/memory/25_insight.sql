-- What agents make of their memories: hypotheses that expire (views), truths that they become (concepts), and memories
-- made of several others (consolidations).  What speaks for and against a view are memory_links.

CREATE TABLE IF NOT EXISTS agentry_memory.stable_concepts (
    org_id               uuid        NOT NULL,
    id                   uuid        NOT NULL,
    agent_id             uuid        NOT NULL,
    user_id              uuid,
    team_id              uuid,
    scope                text        NOT NULL DEFAULT 'agent',
    readers              uuid[]      NOT NULL GENERATED ALWAYS AS (
        array_remove(ARRAY[agent_id, CASE scope WHEN 'organisation' THEN org_id
                                                WHEN 'team' THEN team_id
                                                WHEN 'user' THEN user_id END], NULL)) STORED,
    canonical_name       text        NOT NULL,
    display_name         text        NOT NULL,
    concept_type         text        NOT NULL DEFAULT 'pattern',
    definition           jsonb       NOT NULL,
    version              integer     NOT NULL DEFAULT 1,
    parent_concept_id    uuid,
    is_deprecated        boolean     NOT NULL DEFAULT false,
    deprecated_at        timestamptz,
    reason               text,
    promoted_from        uuid,
    promotion_confidence real        NOT NULL,
    forced_against       text[]      NOT NULL DEFAULT '{}',
    tags                 text[]      NOT NULL DEFAULT '{}',
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stable_concepts_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT stable_concepts_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT stable_concepts_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES agentry.users (org_id, id),
    CONSTRAINT stable_concepts_team_id_fkey FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams (org_id, id),
    CONSTRAINT stable_concepts_parent_concept_id_fkey FOREIGN KEY (org_id, parent_concept_id)
        REFERENCES agentry_memory.stable_concepts (org_id, id) ON DELETE SET NULL (parent_concept_id),
    CONSTRAINT stable_concepts_scope_check CHECK (
        CASE scope WHEN 'organisation' THEN true
                   WHEN 'team' THEN team_id IS NOT NULL
                   WHEN 'user' THEN user_id IS NOT NULL
                   ELSE scope = 'agent' AND agent_id IS NOT NULL END),
    CONSTRAINT stable_concepts_canonical_name_check
        CHECK (canonical_name ~ '^[^[:space:]]+( [^[:space:]]+)*$' AND length(canonical_name) <= 200),
    CONSTRAINT stable_concepts_display_name_check CHECK (display_name ~ '[^[:space:]]'),
    CONSTRAINT stable_concepts_concept_type_check CHECK (concept_type ~ '^[a-z][a-z0-9_]{0,39}$'),
    CONSTRAINT stable_concepts_definition_check CHECK (jsonb_typeof(definition) = 'object'),
    CONSTRAINT stable_concepts_version_check CHECK (version > 0),
    CONSTRAINT stable_concepts_parent_concept_id_check
        CHECK (parent_concept_id IS NULL OR parent_concept_id <> id AND version > 1),
    CONSTRAINT stable_concepts_deprecated_at_check CHECK (is_deprecated = (deprecated_at IS NOT NULL)),
    CONSTRAINT stable_concepts_reason_check
        CHECK (reason IS NULL OR reason ~ '[^[:space:]]' AND is_deprecated),
    CONSTRAINT stable_concepts_promotion_confidence_check CHECK (promotion_confidence BETWEEN 0 AND 1),
    CONSTRAINT stable_concepts_forced_against_check CHECK (array_position(forced_against, NULL) IS NULL),
    CONSTRAINT stable_concepts_tags_check
        CHECK (array_ndims(tags) IS NOT DISTINCT FROM nullif(sign(cardinality(tags))::integer, 0)
               AND array_position(tags, NULL) IS NULL)
);
COMMENT ON TABLE agentry_memory.stable_concepts IS
    'What agents hold to be true: views that were promoted.  A version never changes but for being deprecated; a newer '
    'one of the same owner and name takes its place.';
COMMENT ON COLUMN agentry_memory.stable_concepts.id IS 'Id (UUID version 7, RFC 9562).';
COMMENT ON COLUMN agentry_memory.stable_concepts.agent_id IS 'The agent that it is of.';
COMMENT ON COLUMN agentry_memory.stable_concepts.user_id IS 'The user that scope user means.';
COMMENT ON COLUMN agentry_memory.stable_concepts.team_id IS 'The team that scope team means.';
COMMENT ON COLUMN agentry_memory.stable_concepts.scope IS
    'Who else reads it: agent (nobody), user, team, organisation.';
COMMENT ON COLUMN agentry_memory.stable_concepts.readers IS 'Ids of those who read it; made from the columns before.';
COMMENT ON COLUMN agentry_memory.stable_concepts.canonical_name IS
    'Its name in lower case, with single blanks, at most 200 characters; an owner (agent, user, team or organisation, '
    'by scope) has one current version of a name.';
COMMENT ON COLUMN agentry_memory.stable_concepts.display_name IS 'Its name as it was written.';
COMMENT ON COLUMN agentry_memory.stable_concepts.concept_type IS
    'What kind of truth: pattern, preference, habit, belief, fact, or a word of your own (lower case letters, digits, '
    '_, at most 40).';
COMMENT ON COLUMN agentry_memory.stable_concepts.definition IS
    'What is held to be true, a JSON object [{"statement": the hypothesis}].';
COMMENT ON COLUMN agentry_memory.stable_concepts.version IS 'Number of the version, from 1.';
COMMENT ON COLUMN agentry_memory.stable_concepts.parent_concept_id IS
    'The version before; NULL: it is the first, or that one is gone.';
COMMENT ON COLUMN agentry_memory.stable_concepts.is_deprecated IS 'Whether it is held to be true no more.';
COMMENT ON COLUMN agentry_memory.stable_concepts.deprecated_at IS 'Since when.';
COMMENT ON COLUMN agentry_memory.stable_concepts.reason IS 'Why; for people.';
COMMENT ON COLUMN agentry_memory.stable_concepts.promoted_from IS 'The view that it was; NULL: that is gone.';
COMMENT ON COLUMN agentry_memory.stable_concepts.promotion_confidence IS
    'Confidence of the view when it was promoted, 0 to 1.';
COMMENT ON COLUMN agentry_memory.stable_concepts.forced_against IS
    'The reasons of promotion_verdict() over which somebody promoted it; empty: there were none.';
COMMENT ON COLUMN agentry_memory.stable_concepts.tags IS 'Tags, those of the view.';
COMMENT ON CONSTRAINT stable_concepts_scope_check ON agentry_memory.stable_concepts IS
    'A scope is agent, user, team or organisation; what it names is set.';
COMMENT ON CONSTRAINT stable_concepts_canonical_name_check ON agentry_memory.stable_concepts IS
    'A name is in lower case, with single blanks, at most 200 characters.';
COMMENT ON CONSTRAINT stable_concepts_display_name_check ON agentry_memory.stable_concepts IS 'A name is not blank.';
COMMENT ON CONSTRAINT stable_concepts_concept_type_check ON agentry_memory.stable_concepts IS
    'A type of concept is a word of lower case letters, digits and _, at most 40 characters, and begins with a '
    'letter.';
COMMENT ON CONSTRAINT stable_concepts_definition_check ON agentry_memory.stable_concepts IS
    'A definition is a JSON object.';
COMMENT ON CONSTRAINT stable_concepts_version_check ON agentry_memory.stable_concepts IS 'Versions count from 1.';
COMMENT ON CONSTRAINT stable_concepts_parent_concept_id_check ON agentry_memory.stable_concepts IS
    'The version before is another concept.';
COMMENT ON CONSTRAINT stable_concepts_deprecated_at_check ON agentry_memory.stable_concepts IS
    'deprecated_at is set where a concept is deprecated, and only there.';
COMMENT ON CONSTRAINT stable_concepts_reason_check ON agentry_memory.stable_concepts IS
    'A reason is not blank, and is of what is deprecated; NULL: none is told.';
COMMENT ON CONSTRAINT stable_concepts_promotion_confidence_check ON agentry_memory.stable_concepts IS
    'Confidence is 0 to 1.';
COMMENT ON CONSTRAINT stable_concepts_forced_against_check ON agentry_memory.stable_concepts IS
    'Reasons are a list without NULL.';
COMMENT ON CONSTRAINT stable_concepts_tags_check ON agentry_memory.stable_concepts IS
    'Tags are a list of texts, none of them NULL.';

CREATE TABLE IF NOT EXISTS agentry_memory.cognitive_views (
    org_id                 uuid        NOT NULL,
    id                     uuid        NOT NULL,
    agent_id               uuid        NOT NULL,
    user_id                uuid,
    team_id                uuid,
    scope                  text        NOT NULL DEFAULT 'agent',
    readers                uuid[]      NOT NULL GENERATED ALWAYS AS (
        array_remove(ARRAY[agent_id, CASE scope WHEN 'organisation' THEN org_id
                                                WHEN 'team' THEN team_id
                                                WHEN 'user' THEN user_id END], NULL)) STORED,
    hypothesis             text        NOT NULL,
    view_type              text        NOT NULL DEFAULT 'pattern',
    source                 text        NOT NULL DEFAULT 'llm',
    initial_confidence     real        NOT NULL DEFAULT 0.5,
    confidence             real        NOT NULL,
    evidence_count         integer     NOT NULL DEFAULT 0,
    counter_evidence_count integer     NOT NULL DEFAULT 0,
    validation_count       integer     NOT NULL DEFAULT 0,
    last_validated_at      timestamptz,
    status                 text        NOT NULL DEFAULT 'active',
    reason                 text,
    expires_at             timestamptz NOT NULL DEFAULT (now() + interval '30 days'),
    promoted_to            uuid,
    tags                   text[]      NOT NULL DEFAULT '{}',
    idempotency_key        text,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cognitive_views_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT cognitive_views_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT cognitive_views_user_id_fkey FOREIGN KEY (org_id, user_id) REFERENCES agentry.users (org_id, id),
    CONSTRAINT cognitive_views_team_id_fkey FOREIGN KEY (org_id, team_id) REFERENCES agentry.teams (org_id, id),
    CONSTRAINT cognitive_views_promoted_to_fkey FOREIGN KEY (org_id, promoted_to)
        REFERENCES agentry_memory.stable_concepts (org_id, id) ON DELETE SET NULL (promoted_to),
    CONSTRAINT cognitive_views_scope_check CHECK (
        CASE scope WHEN 'organisation' THEN true
                   WHEN 'team' THEN team_id IS NOT NULL
                   WHEN 'user' THEN user_id IS NOT NULL
                   ELSE scope = 'agent' AND agent_id IS NOT NULL END),
    CONSTRAINT cognitive_views_hypothesis_check CHECK (hypothesis ~ '[^[:space:]]'),
    CONSTRAINT cognitive_views_view_type_check CHECK (view_type ~ '^[a-z][a-z0-9_]{0,39}$'),
    CONSTRAINT cognitive_views_source_check CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
    CONSTRAINT cognitive_views_initial_confidence_check CHECK (initial_confidence BETWEEN 0 AND 1),
    CONSTRAINT cognitive_views_confidence_check CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT cognitive_views_evidence_count_check CHECK (evidence_count >= 0 AND counter_evidence_count >= 0),
    CONSTRAINT cognitive_views_validation_count_check
        CHECK (validation_count >= 0 AND (validation_count > 0) = (last_validated_at IS NOT NULL)),
    CONSTRAINT cognitive_views_status_check CHECK (status IN ('active', 'expired', 'promoted', 'rejected')),
    CONSTRAINT cognitive_views_reason_check
        CHECK (reason IS NULL OR reason ~ '[^[:space:]]' AND status = 'rejected'),
    CONSTRAINT cognitive_views_expires_at_check CHECK (isfinite(expires_at)),
    CONSTRAINT cognitive_views_promoted_to_check CHECK (promoted_to IS NULL OR status = 'promoted'),
    CONSTRAINT cognitive_views_tags_check
        CHECK (array_ndims(tags) IS NOT DISTINCT FROM nullif(sign(cardinality(tags))::integer, 0)
               AND array_position(tags, NULL) IS NULL),
    CONSTRAINT cognitive_views_idempotency_key_check CHECK (length(idempotency_key) BETWEEN 1 AND 255)
);
COMMENT ON TABLE agentry_memory.cognitive_views IS
    'Hypotheses of agents, which expire unless they hold; what is found true becomes a row of stable_concepts.  Status '
    'as it is at this moment: v_cognitive_views.';
COMMENT ON COLUMN agentry_memory.cognitive_views.id IS 'Id (UUID version 7, RFC 9562).';
COMMENT ON COLUMN agentry_memory.cognitive_views.agent_id IS 'The agent that it is of.';
COMMENT ON COLUMN agentry_memory.cognitive_views.user_id IS 'The user that scope user means.';
COMMENT ON COLUMN agentry_memory.cognitive_views.team_id IS 'The team that scope team means.';
COMMENT ON COLUMN agentry_memory.cognitive_views.scope IS
    'Who else reads it: agent (nobody), user, team, organisation.';
COMMENT ON COLUMN agentry_memory.cognitive_views.readers IS 'Ids of those who read it; made from the columns before.';
COMMENT ON COLUMN agentry_memory.cognitive_views.hypothesis IS 'What may be true.';
COMMENT ON COLUMN agentry_memory.cognitive_views.view_type IS
    'What kind of hypothesis: pattern, preference, habit, belief, trend, or a word of your own (lower case letters, '
    'digits, _, at most 40).';
COMMENT ON COLUMN agentry_memory.cognitive_views.source IS
    'What it came from: llm, pattern_detector, user, or a word of your own.';
COMMENT ON COLUMN agentry_memory.cognitive_views.initial_confidence IS
    'How sure it was before any evidence, 0 to 1; of source llm 0.7 of what was said.';
COMMENT ON COLUMN agentry_memory.cognitive_views.confidence IS
    'How sure it is, 0 to 1: (for + 2 * initial_confidence) / (for + against + 2), where for and against are the sums '
    'of the weights of its links; Laplace''s rule of succession where initial_confidence is 0.5.  Kept by trigger.';
COMMENT ON COLUMN agentry_memory.cognitive_views.evidence_count IS 'How many links support it; kept by trigger.';
COMMENT ON COLUMN agentry_memory.cognitive_views.counter_evidence_count IS
    'How many links contradict it; kept by trigger.';
COMMENT ON COLUMN agentry_memory.cognitive_views.validation_count IS 'How often it was found to hold.';
COMMENT ON COLUMN agentry_memory.cognitive_views.last_validated_at IS 'When it last was.';
COMMENT ON COLUMN agentry_memory.cognitive_views.status IS
    'active; expired (written some time after it has: see v_cognitive_views); promoted; rejected.';
COMMENT ON COLUMN agentry_memory.cognitive_views.reason IS 'Why it was rejected; for people.';
COMMENT ON COLUMN agentry_memory.cognitive_views.expires_at IS
    'From when on it is no hypothesis any more, unless it was promoted; each validation gives it more time.';
COMMENT ON COLUMN agentry_memory.cognitive_views.promoted_to IS
    'The concept that it became; NULL: none, or that is gone.';
COMMENT ON COLUMN agentry_memory.cognitive_views.tags IS 'Tags.';
COMMENT ON COLUMN agentry_memory.cognitive_views.idempotency_key IS
    'The agent''s key for it, 1 to 255 characters: derived twice, it is one view.';
COMMENT ON CONSTRAINT cognitive_views_scope_check ON agentry_memory.cognitive_views IS
    'A scope is agent, user, team or organisation; what it names is set.';
COMMENT ON CONSTRAINT cognitive_views_hypothesis_check ON agentry_memory.cognitive_views IS
    'A hypothesis is a text that is not blank.';
COMMENT ON CONSTRAINT cognitive_views_view_type_check ON agentry_memory.cognitive_views IS
    'A type of view is a word of lower case letters, digits and _, at most 40 characters, and begins with a '
    'letter.';
COMMENT ON CONSTRAINT cognitive_views_source_check ON agentry_memory.cognitive_views IS
    'A source, such as llm, is a word of lower case letters, digits and _, at most 40 characters, and begins '
    'with a letter.';
COMMENT ON CONSTRAINT cognitive_views_initial_confidence_check ON agentry_memory.cognitive_views IS
    'Confidence is 0 to 1.';
COMMENT ON CONSTRAINT cognitive_views_confidence_check ON agentry_memory.cognitive_views IS 'Confidence is 0 to 1.';
COMMENT ON CONSTRAINT cognitive_views_evidence_count_check ON agentry_memory.cognitive_views IS 'Counts are 0 or more.';
COMMENT ON CONSTRAINT cognitive_views_validation_count_check ON agentry_memory.cognitive_views IS
    'last_validated_at is set where a view was validated, and only there.';
COMMENT ON CONSTRAINT cognitive_views_status_check ON agentry_memory.cognitive_views IS
    'A status is active, expired, promoted or rejected.';
COMMENT ON CONSTRAINT cognitive_views_reason_check ON agentry_memory.cognitive_views IS
    'A reason is not blank, and is of what is rejected; NULL: none is told.';
COMMENT ON CONSTRAINT cognitive_views_expires_at_check ON agentry_memory.cognitive_views IS
    'A view expires at a time that is not infinite.';
COMMENT ON CONSTRAINT cognitive_views_promoted_to_check ON agentry_memory.cognitive_views IS
    'promoted_to is of what is promoted.';
COMMENT ON CONSTRAINT cognitive_views_tags_check ON agentry_memory.cognitive_views IS
    'Tags are a list of texts, none of them NULL.';
COMMENT ON CONSTRAINT cognitive_views_idempotency_key_check ON agentry_memory.cognitive_views IS
    'An idempotency key is 1 to 255 characters.';

DO $install$
BEGIN
    IF NOT EXISTS (SELECT
                   FROM pg_catalog.pg_constraint AS k
                   WHERE k.conrelid = 'agentry_memory.stable_concepts'::pg_catalog.regclass
                     AND k.conname = 'stable_concepts_promoted_from_fkey') THEN
        -- the two tables name each other
        ALTER TABLE agentry_memory.stable_concepts
            ADD CONSTRAINT stable_concepts_promoted_from_fkey FOREIGN KEY (org_id, promoted_from)
            REFERENCES agentry_memory.cognitive_views (org_id, id) ON DELETE SET NULL (promoted_from);
    END IF;
END;
$install$;

CREATE TABLE IF NOT EXISTS agentry_memory.memory_consolidations (
    org_id                 uuid        NOT NULL,
    id                     uuid        NOT NULL,
    agent_id               uuid        NOT NULL,
    consolidation_type     text        NOT NULL,
    consolidated_memory_id uuid        NOT NULL,
    source_count           integer     NOT NULL,
    tokens_saved           integer     NOT NULL,
    sources_archived       boolean     NOT NULL DEFAULT false,
    undone_at              timestamptz,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT memory_consolidations_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT memory_consolidations_consolidated_memory_id_key UNIQUE (org_id, consolidated_memory_id),
    CONSTRAINT memory_consolidations_agent_id_fkey FOREIGN KEY (org_id, agent_id)
        REFERENCES agentry.agents (org_id, id) ON DELETE CASCADE,
    CONSTRAINT memory_consolidations_consolidated_memory_id_fkey FOREIGN KEY (org_id, consolidated_memory_id)
        REFERENCES agentry_memory.agent_memories (org_id, id) ON DELETE CASCADE,
    CONSTRAINT memory_consolidations_consolidation_type_check
        CHECK (consolidation_type IN ('merge', 'summarize', 'abstract')),
    CONSTRAINT memory_consolidations_source_count_check CHECK (source_count > 1)
);
COMMENT ON TABLE agentry_memory.memory_consolidations IS
    'Memories that were made of several others.  The sources stand in memory_links: the new memory summarises them, or '
    'was derived from them.';
COMMENT ON COLUMN agentry_memory.memory_consolidations.id IS 'Id (UUID version 7, RFC 9562).';
COMMENT ON COLUMN agentry_memory.memory_consolidations.agent_id IS 'The agent.';
COMMENT ON COLUMN agentry_memory.memory_consolidations.consolidation_type IS
    'merge (one of several that say the same), summarize (what they say, shorter), abstract (what follows from them).';
COMMENT ON COLUMN agentry_memory.memory_consolidations.consolidated_memory_id IS 'The memory that was made.';
COMMENT ON COLUMN agentry_memory.memory_consolidations.source_count IS 'Of how many.';
COMMENT ON COLUMN agentry_memory.memory_consolidations.tokens_saved IS
    'Tokens of the sources less those of the new memory, as agentry.estimate_tokens() counts; below 0 where it is '
    'longer.';
COMMENT ON COLUMN agentry_memory.memory_consolidations.sources_archived IS
    'Whether the sources were archived, at created_at.';
COMMENT ON COLUMN agentry_memory.memory_consolidations.undone_at IS
    'When undo_consolidation() brought the sources back; NULL: it stands.';

-- EXPLAIN shows estimates to everyone, and these come from statistics of all rows: none is kept of what was written
ALTER TABLE agentry_memory.cognitive_views
    ALTER COLUMN hypothesis SET STATISTICS 0, ALTER COLUMN reason SET STATISTICS 0, ALTER COLUMN tags SET STATISTICS 0;
ALTER TABLE agentry_memory.stable_concepts
    ALTER COLUMN canonical_name SET STATISTICS 0, ALTER COLUMN display_name SET STATISTICS 0,
    ALTER COLUMN definition SET STATISTICS 0, ALTER COLUMN reason SET STATISTICS 0, ALTER COLUMN tags SET STATISTICS 0;
