-- remember(agent, content [, memory_type, importance, ..., embedding, idempotency_key]) -> id
-- Keeps something that an agent is to remember; a text becomes the smallest content of its type.  NULL for the agent is
-- the current one.  The same idempotency key and content give the first id again.
-- Raises invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state,
-- check_violation, unique_violation.
CREATE OR REPLACE FUNCTION agentry_memory.remember(
    p_agent               text,
    p_content             text,
    p_memory_type         text        DEFAULT 'episodic',
    p_importance          float8      DEFAULT 0.5,
    p_emotional_relevance float8      DEFAULT NULL,
    p_tags                text[]      DEFAULT '{}',
    p_related_agents      text[]      DEFAULT '{}',
    p_related_users       text[]      DEFAULT '{}',
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
    p_idempotency_key     text        DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $remember$
DECLARE
    v_actor record := agentry._actor(p_agent);
BEGIN
    RETURN (agentry_memory._remember(
        v_actor.org_id, v_actor.agent_id, agentry_memory._memory_content(p_memory_type, p_content), p_memory_type,
        p_importance, p_emotional_relevance, p_tags, agentry_memory._related_agents(p_related_agents),
        agentry_memory._related_users(p_related_users), p_location, p_session, p_session_order, p_occurred_at,
        p_expires_at, p_pinned, p_decay_rate, p_scope, p_metadata, p_source_kind, p_source_id, p_embedding,
        p_idempotency_key)).id;
END;
$remember$;

COMMENT ON FUNCTION agentry_memory.remember(
    text, text, text, float8, float8, text[], text[], text[], text, text, bigint, timestamptz, timestamptz, boolean,
    float8, text, jsonb, text, text, vector, text) IS
    'Keeps something that an agent [the current one] is to remember, and returns its id.  content: a text.  '
    'memory_type: episodic, semantic, procedural, working, observation, reflection, plan, metacognition.  importance: '
    '0 to 1; it never changes.  emotional_relevance: 0 to 1.  related_agents, related_users: whom it is about, by '
    'name.  session, session_order: what it is a part of.  occurred_at: when it happened [now].  expires_at: from when '
    'on it is not recalled.  pinned: its strength does not fade; decay_rate: else how fast, a day.  scope: who else '
    'reads it, agent (nobody), user or team (of the agent), organisation.  source_kind, source_id: what it came from.  '
    'embedding: by the default model of the organisation.  idempotency_key: same key and content give the first id.  '
    'Raises invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state, '
    'check_violation, unique_violation.';

-- remember(agent, content jsonb, ...): the same with content of several parts
CREATE OR REPLACE FUNCTION agentry_memory.remember(
    p_agent               text,
    p_content             jsonb,
    p_memory_type         text        DEFAULT 'episodic',
    p_importance          float8      DEFAULT 0.5,
    p_emotional_relevance float8      DEFAULT NULL,
    p_tags                text[]      DEFAULT '{}',
    p_related_agents      text[]      DEFAULT '{}',
    p_related_users       text[]      DEFAULT '{}',
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
    p_idempotency_key     text        DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $remember$
DECLARE
    v_actor record := agentry._actor(p_agent);
BEGIN
    RETURN (agentry_memory._remember(
        v_actor.org_id, v_actor.agent_id, p_content, p_memory_type,
        p_importance, p_emotional_relevance, p_tags, agentry_memory._related_agents(p_related_agents),
        agentry_memory._related_users(p_related_users), p_location, p_session, p_session_order, p_occurred_at,
        p_expires_at, p_pinned, p_decay_rate, p_scope, p_metadata, p_source_kind, p_source_id, p_embedding,
        p_idempotency_key)).id;
END;
$remember$;

COMMENT ON FUNCTION agentry_memory.remember(
    text, jsonb, text, float8, float8, text[], text[], text[], text, text, bigint, timestamptz, timestamptz, boolean,
    float8, text, jsonb, text, text, vector, text) IS
    'The same with content as a JSON object: episodic {event, temporal}, semantic {concept, definition}, procedural '
    '{skill, steps: array}, working {items: array, capacity: number}, others {text}; more keys may stand in it.';
