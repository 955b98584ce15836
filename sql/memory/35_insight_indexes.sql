-- Indexes of views, concepts and consolidations beyond those of keys.  Words and meaning are found by the semantic
-- index, evidence by that of memory_links.

-- those of an agent that are still tried
CREATE INDEX IF NOT EXISTS cognitive_views_agent_id_idx
    ON agentry_memory.cognitive_views (org_id, agent_id, status, expires_at);
CREATE UNIQUE INDEX IF NOT EXISTS cognitive_views_idempotency_key
    ON agentry_memory.cognitive_views (org_id, agent_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS cognitive_views_user_id_idx
    ON agentry_memory.cognitive_views (org_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS cognitive_views_team_id_idx
    ON agentry_memory.cognitive_views (org_id, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS cognitive_views_promoted_to_idx
    ON agentry_memory.cognitive_views (org_id, promoted_to) WHERE promoted_to IS NOT NULL;
-- whose status is to be written; what has been kept long enough
CREATE INDEX IF NOT EXISTS cognitive_views_expires_at_idx
    ON agentry_memory.cognitive_views (expires_at) WHERE status = 'active';
CREATE INDEX IF NOT EXISTS cognitive_views_settled_idx
    ON agentry_memory.cognitive_views (org_id, expires_at) WHERE status IN ('expired', 'rejected');

-- one current version of a name for each owner, as its scope says
CREATE UNIQUE INDEX IF NOT EXISTS stable_concepts_canonical_name_key
    ON agentry_memory.stable_concepts (
        org_id,
        (CASE scope WHEN 'organisation' THEN org_id WHEN 'team' THEN team_id WHEN 'user' THEN user_id
                    ELSE agent_id END),
        canonical_name)
    WHERE NOT is_deprecated;
CREATE UNIQUE INDEX IF NOT EXISTS stable_concepts_version_key
    ON agentry_memory.stable_concepts (
        org_id,
        (CASE scope WHEN 'organisation' THEN org_id WHEN 'team' THEN team_id WHEN 'user' THEN user_id
                    ELSE agent_id END),
        canonical_name, version);
-- the history of a name, whosever it is
CREATE INDEX IF NOT EXISTS stable_concepts_canonical_name_idx
    ON agentry_memory.stable_concepts (org_id, canonical_name);
CREATE INDEX IF NOT EXISTS stable_concepts_agent_id_idx ON agentry_memory.stable_concepts (org_id, agent_id);
CREATE INDEX IF NOT EXISTS stable_concepts_user_id_idx
    ON agentry_memory.stable_concepts (org_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS stable_concepts_team_id_idx
    ON agentry_memory.stable_concepts (org_id, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS stable_concepts_parent_concept_id_idx
    ON agentry_memory.stable_concepts (org_id, parent_concept_id) WHERE parent_concept_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS stable_concepts_promoted_from_idx
    ON agentry_memory.stable_concepts (org_id, promoted_from) WHERE promoted_from IS NOT NULL;

CREATE INDEX IF NOT EXISTS memory_consolidations_agent_id_idx
    ON agentry_memory.memory_consolidations (org_id, agent_id, created_at, id);
