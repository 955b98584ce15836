-- derive_view(agent, hypothesis [, evidence, view_type, confidence, source, expires_in, scope, tags, ...]) -> id
-- Keeps something that an agent takes to be true for the time being, with the memories (or another kind) that support
-- it.  What a language model says of its own confidence counts for 0.7.  The same idempotency key and hypothesis give
-- the first id again.  Locks the evidence FOR KEY SHARE.
-- Raises invalid_parameter_value, undefined_object, check_violation, unique_violation, and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_memory.derive_view(
    p_agent           text,
    p_hypothesis      text,
    p_evidence        uuid[]   DEFAULT '{}',
    p_view_type       text     DEFAULT 'pattern',
    p_confidence      float8   DEFAULT 0.5,
    p_source          text     DEFAULT 'llm',
    p_expires_in      interval DEFAULT NULL,
    p_scope           text     DEFAULT 'agent',
    p_tags            text[]   DEFAULT '{}',
    p_evidence_kind   text     DEFAULT 'memory',
    p_idempotency_key text     DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $derive_view$
DECLARE
    v_actor   record   := agentry._actor(p_agent);
    v_me      record   := agentry_memory._reading_as(v_actor.agent);
    v_owners  record   := agentry_memory._scope_owners(v_actor.org_id, v_actor.agent_id, p_scope);
    v_life    interval := agentry_memory._view_life(v_actor.org_id, p_expires_in);
    v_initial real;
    v_id      uuid;
    v_table   text;
    v_column  text;
    v_rule    text;
    v_hint    text;
BEGIN
    IF p_confidence NOT BETWEEN 0 AND 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'confidence is out of range',
            DETAIL  = format('got: %s', p_confidence),
            HINT    = 'A confidence is 0 to 1.';
    END IF;
    v_initial := coalesce(p_confidence, 0.5)::numeric * CASE WHEN p_source = 'llm' THEN 0.7 ELSE 1 END;
    INSERT INTO agentry_memory.cognitive_views AS v (
        org_id, id, agent_id, user_id, team_id, scope, hypothesis, view_type, source, initial_confidence, confidence,
        expires_at, tags, idempotency_key)
    VALUES (
        v_actor.org_id, agentry.uuidv7(), v_actor.agent_id, v_owners.user_id, v_owners.team_id, p_scope, p_hypothesis,
        p_view_type, p_source, v_initial, v_initial, agentry._clock() + v_life, coalesce(p_tags, '{}'),
        p_idempotency_key)
    ON CONFLICT (org_id, agent_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING v.id INTO v_id;
    IF v_id IS NULL THEN
        RETURN agentry_memory._derived_before(v_actor.org_id, v_actor.agent_id, p_idempotency_key, p_hypothesis);
    END IF;

    PERFORM agentry_memory._check_link_end(p_evidence_kind, e.id, r.is_there, r.readers, v_me.readers, v_me.sees_all)
    FROM (SELECT DISTINCT u.id FROM unnest(p_evidence) AS u (id) ORDER BY u.id) AS e
    CROSS JOIN LATERAL agentry_memory._link_end(v_actor.org_id, p_evidence_kind, e.id) AS r;
    INSERT INTO agentry_memory.memory_links (org_id, from_kind, from_id, relation, to_kind, to_id)
    SELECT DISTINCT v_actor.org_id, p_evidence_kind, u.id, 'supports', 'view', v_id
    FROM unnest(p_evidence) AS u (id);
    RETURN v_id;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry_memory', v_table, v_column, v_rule, v_hint,
            jsonb_build_object('hypothesis', p_hypothesis, 'view_type', p_view_type, 'source', p_source, 'tags', p_tags,
                               'idempotency_key', p_idempotency_key));
        RAISE;
END;
$derive_view$;

COMMENT ON FUNCTION agentry_memory.derive_view(
    text, text, uuid[], text, float8, text, interval, text, text[], text, text) IS
    'Keeps a hypothesis of an agent [the current one] and returns its id.  evidence: ids of what supports it, of one '
    'evidence_kind: memory, raw_memory, event, view, concept; more by add_evidence().  view_type: pattern, preference, '
    'habit, belief, trend, or a word of your own.  confidence: how sure it is without the evidence, 0 to 1; of source '
    'llm 0.7 of it counts.  expires_in: how long it is a hypothesis [the setting memory.view_life: 30 days].  scope, '
    'tags: as for remember().  idempotency_key: same key and hypothesis give the first id.  Raises '
    'invalid_parameter_value, undefined_object, check_violation, unique_violation, insufficient_privilege.';
