-- _consolidate(caller, type, memories, text or content, ...) -> id: consolidate() for an agent that is known
-- Locks the sources in the order of their ids where they are to be archived.
-- Raises invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state, and what
-- _remember() raises.
CREATE OR REPLACE FUNCTION agentry_memory._consolidate(
    p_org_id          uuid,
    p_agent_id        uuid,
    p_readers         uuid[],
    p_type            text,
    p_memories        uuid[],
    p_text            text,
    p_content         jsonb,
    p_memory_type     text,
    p_keep            boolean,
    p_scope           text,
    p_tags            text[],
    p_expires_at      timestamptz,
    p_embedding       vector,
    p_idempotency_key text
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_consolidate$
DECLARE
    v_ids     uuid[] := ARRAY(SELECT DISTINCT u.id FROM unnest(p_memories) AS u (id) ORDER BY u.id);
    v_missing uuid;
    v_of      record;
    v_type    text;
    v_content jsonb;
    v_memory  record;
BEGIN
    IF p_type IS NULL OR p_type NOT IN ('merge', 'summarize', 'abstract') OR cardinality(v_ids) < 2 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a consolidation merges, summarizes or abstracts two memories or more',
            DETAIL  = format('type: %L, memories: %s', p_type, cardinality(v_ids)),
            HINT    = 'The type is merge, summarize or abstract; a memory counts once.';
    END IF;
    IF NOT coalesce(p_keep, true) THEN
        PERFORM FROM agentry_memory.agent_memories AS m
        WHERE m.org_id = p_org_id AND m.id = ANY (v_ids) AND m.agent_id = p_agent_id
        ORDER BY m.id
        FOR NO KEY UPDATE;
    END IF;
    SELECT u.id
    INTO v_missing
    FROM unnest(v_ids) AS u (id)
    WHERE NOT EXISTS (SELECT
                      FROM agentry_memory.agent_memories AS m
                      WHERE m.org_id = p_org_id AND m.id = u.id AND m.readers && p_readers)
    ORDER BY u.id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('memory %s does not exist', coalesce(v_missing::text, 'NULL')),
            HINT    = 'The agent consolidates what it sees.';
    END IF;
    SELECT CASE WHEN min(m.memory_type) = max(m.memory_type) THEN min(m.memory_type) END AS memory_type,
           CASE WHEN count(DISTINCT (m.scope, m.user_id, m.team_id)) = 1 THEN min(m.scope) END AS scope,
           least(greatest(avg(m.importance::numeric) * 1.2, 0.5), 1) AS importance,
           avg(m.emotional_relevance::numeric) AS emotional_relevance,
           sum(agentry.estimate_tokens(m.text)) AS tokens,
           min(m.occurred_at) AS since, max(m.occurred_at) AS until,
           ARRAY(SELECT DISTINCT t.tag
                 FROM agentry_memory.agent_memories AS s
                 CROSS JOIN LATERAL unnest(s.tags) AS t (tag)
                 WHERE s.org_id = p_org_id AND s.id = ANY (v_ids)) AS tags,
           ARRAY(SELECT DISTINCT r.id
                 FROM agentry_memory.agent_memories AS s
                 CROSS JOIN LATERAL unnest(s.related_agents) AS r (id)
                 WHERE s.org_id = p_org_id AND s.id = ANY (v_ids)) AS related_agents,
           ARRAY(SELECT DISTINCT r.id
                 FROM agentry_memory.agent_memories AS s
                 CROSS JOIN LATERAL unnest(s.related_users) AS r (id)
                 WHERE s.org_id = p_org_id AND s.id = ANY (v_ids)) AS related_users,
           min(m.id::text) FILTER (WHERE m.agent_id <> p_agent_id) AS of_another,
           min(m.id::text) FILTER (WHERE m.archived_at IS NOT NULL) AS archived
    INTO v_of
    FROM agentry_memory.agent_memories AS m
    WHERE m.org_id = p_org_id AND m.id = ANY (v_ids);
    v_type    := coalesce(p_memory_type, CASE WHEN p_type <> 'abstract' THEN v_of.memory_type END, 'semantic');
    v_content := coalesce(p_content, agentry_memory._memory_content(v_type, p_text));
    IF EXISTS (SELECT
               FROM agentry_memory.agent_memories AS m
               WHERE m.org_id = p_org_id AND m.agent_id = p_agent_id AND m.idempotency_key = p_idempotency_key) THEN
        RETURN agentry_memory._consolidated_before(p_org_id, p_agent_id, p_idempotency_key, p_type, v_content, v_ids);
    END IF;
    IF v_of.archived IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('memory %s is archived', v_of.archived),
            DETAIL  = 'Another memory may have taken its place already.',
            HINT    = 'agentry_memory.undo_consolidation() or archive_memory(id, false) bring it back.';
    END IF;
    IF NOT coalesce(p_keep, true) AND v_of.of_another IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('memory %s is not the agent''s', v_of.of_another),
            DETAIL  = 'An agent archives its own.',
            HINT    = 'Keep the sources: p_keep => true.';
    END IF;

    v_memory := agentry_memory._remember(
        p_org_id, p_agent_id, v_content, v_type, v_of.importance::float8, v_of.emotional_relevance::float8,
        p_tags => coalesce(p_tags, v_of.tags), p_related_agents => v_of.related_agents,
        p_related_users => v_of.related_users, p_expires_at => p_expires_at, p_decay_rate => 0.05,
        p_scope => coalesce(p_scope, v_of.scope, 'agent'),
        p_metadata => jsonb_build_object('since', v_of.since, 'until', v_of.until),
        p_embedding => p_embedding, p_idempotency_key => p_idempotency_key);
    IF NOT v_memory.is_new THEN
        RETURN agentry_memory._consolidated_before(p_org_id, p_agent_id, p_idempotency_key, p_type, v_content, v_ids);
    END IF;
    INSERT INTO agentry_memory.memory_links (org_id, from_id, relation, to_id)
    SELECT p_org_id, v_memory.id, CASE WHEN p_type = 'abstract' THEN 'derived_from' ELSE 'summarises' END, u.id
    FROM unnest(v_ids) AS u (id);
    INSERT INTO agentry_memory.memory_consolidations (
        org_id, id, agent_id, consolidation_type, consolidated_memory_id, source_count, tokens_saved, sources_archived)
    SELECT p_org_id, agentry.uuidv7(), p_agent_id, p_type, m.id, cardinality(v_ids),
           v_of.tokens - agentry.estimate_tokens(m.text), NOT coalesce(p_keep, true)
    FROM agentry_memory.agent_memories AS m
    WHERE m.org_id = p_org_id AND m.id = v_memory.id;
    IF NOT coalesce(p_keep, true) THEN
        UPDATE agentry_memory.agent_memories AS m
        SET archived_at = now()
        WHERE m.org_id = p_org_id AND m.id = ANY (v_ids);
    END IF;
    RETURN v_memory.id;
END;
$_consolidate$;

COMMENT ON FUNCTION agentry_memory._consolidate(
    uuid, uuid, uuid[], text, uuid[], text, jsonb, text, boolean, text, text[], timestamptz, vector, text) IS
    'Makes one memory of several for an agent that is known.';
