-- _remember(organisation, agent, content, type, ...) -> id, is_new: remember() for an agent that is known
-- Raises invalid_parameter_value, check_violation, foreign_key_violation, unique_violation, and what _embed_memory()
-- raises.
CREATE OR REPLACE FUNCTION agentry_memory._remember(
    p_org_id              uuid,
    p_agent_id            uuid,
    p_content             jsonb,
    p_memory_type         text,
    p_importance          float8,
    p_emotional_relevance float8      DEFAULT NULL,
    p_tags                text[]      DEFAULT '{}',
    p_related_agents      uuid[]      DEFAULT '{}',
    p_related_users       uuid[]      DEFAULT '{}',
    p_location            text        DEFAULT NULL,
    p_session             text        DEFAULT NULL,
    p_session_order       bigint      DEFAULT NULL,
    p_occurred_at         timestamptz DEFAULT NULL,
    p_expires_at          timestamptz DEFAULT NULL,
    p_pinned              boolean     DEFAULT false,
    p_decay_rate          float8      DEFAULT 0.1,
    p_scope               text        DEFAULT 'agent',
    p_metadata            jsonb       DEFAULT '{}',
    p_source_kind         text        DEFAULT NULL,
    p_source_id           text        DEFAULT NULL,
    p_embedding           vector      DEFAULT NULL,
    p_idempotency_key     text        DEFAULT NULL,
    OUT id                uuid,
    OUT is_new            boolean
)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_remember$
DECLARE
    v_owners record;
    v_table  text;
    v_column text;
    v_rule   text;
    v_hint   text;
BEGIN
    IF p_scope IS DISTINCT FROM 'agent' THEN
        v_owners := agentry_memory._scope_owners(p_org_id, p_agent_id, p_scope);
    ELSE
        SELECT NULL::uuid AS user_id, NULL::uuid AS team_id INTO v_owners;
    END IF;
    INSERT INTO agentry_memory.agent_memories AS m (
        org_id, id, agent_id, user_id, team_id, scope, memory_type, content, importance, emotional_relevance,
        decay_rate, tags, related_agents, related_users, location, session, session_order, occurred_at, expires_at,
        pinned, metadata, source_kind, source_id, idempotency_key)
    VALUES (
        p_org_id, agentry.uuidv7(), p_agent_id, v_owners.user_id, v_owners.team_id, p_scope, p_memory_type, p_content,
        coalesce(p_importance, 0.5), p_emotional_relevance, coalesce(p_decay_rate, 0.1), coalesce(p_tags, '{}'),
        p_related_agents, p_related_users, p_location, p_session, p_session_order, coalesce(p_occurred_at, now()),
        p_expires_at, coalesce(p_pinned, false), coalesce(p_metadata, '{}'), p_source_kind, p_source_id,
        p_idempotency_key)
    ON CONFLICT (org_id, agent_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING m.id INTO id;
    is_new := id IS NOT NULL;
    IF NOT is_new THEN
        id := agentry_memory._remembered_before(p_org_id, p_agent_id, p_idempotency_key, p_memory_type, p_content,
                                                coalesce(p_importance, 0.5));
    ELSIF p_embedding IS NOT NULL THEN
        PERFORM agentry_memory._embed_memory(p_org_id, id, p_embedding);
    END IF;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry_memory', v_table, v_column, v_rule, v_hint,
            jsonb_build_object(
                'memory_type', p_memory_type, 'importance', p_importance, 'emotional_relevance', p_emotional_relevance,
                'decay_rate', p_decay_rate, 'tags', p_tags, 'location', p_location, 'session', p_session,
                'session_order', p_session_order, 'occurred_at', p_occurred_at, 'metadata', p_metadata,
                'source_kind', p_source_kind, 'source_id', p_source_id, 'idempotency_key', p_idempotency_key));
        RAISE;
END;
$_remember$;

COMMENT ON FUNCTION agentry_memory._remember(
    uuid, uuid, jsonb, text, float8, float8, text[], uuid[], uuid[], text, text, bigint, timestamptz, timestamptz,
    boolean, float8, text, jsonb, text, text, vector, text) IS 'Remembers something for an agent that is known.';
