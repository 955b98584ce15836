-- record_metacognition(agent, performance_evaluation [, strategy_adjustments, ..., forced, ...]) -> id
-- Keeps what an agent thinks of how it does, as a memory of type metacognition: at most once in 24 hours, unless it is
-- forced.  Those of one agent wait for each other.
-- Raises object_not_in_prerequisite_state, undefined_object, check_violation, unique_violation, and what _actor()
-- raises.
CREATE OR REPLACE FUNCTION agentry_memory.record_metacognition(
    p_agent                  text,
    p_performance_evaluation text        DEFAULT NULL,
    p_strategy_adjustments   text[]      DEFAULT '{}',
    p_goal_modifications     text[]      DEFAULT '{}',
    p_self_awareness_notes   text        DEFAULT NULL,
    p_importance             float8      DEFAULT 0.8,
    p_evidence               uuid[]      DEFAULT '{}',
    p_forced                 boolean     DEFAULT false,
    p_scope                  text        DEFAULT 'agent',
    p_occurred_at            timestamptz DEFAULT NULL,
    p_embedding              vector      DEFAULT NULL,
    p_idempotency_key        text        DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $record_metacognition$
DECLARE
    v_actor    record      := agentry._actor(p_agent);
    v_me       record      := agentry_memory._reading_as(v_actor.agent);
    v_at       timestamptz := coalesce(p_occurred_at, now());
    v_last     timestamptz;
    v_recorded record;
BEGIN
    PERFORM agentry_memory._lock_reflection(v_actor.org_id, v_actor.agent_id);
    IF p_forced IS NOT TRUE THEN
        SELECT m.occurred_at
        INTO v_last
        FROM agentry_memory.agent_memories AS m
        WHERE m.org_id = v_actor.org_id
          AND m.agent_id = v_actor.agent_id
          AND m.memory_type = 'metacognition'
          AND m.occurred_at > v_at - interval '24 hours'
          AND m.occurred_at <= v_at
          AND m.idempotency_key IS DISTINCT FROM coalesce(p_idempotency_key, '')
        ORDER BY m.occurred_at DESC
        LIMIT 1;
        IF v_last IS NOT NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('agent %s has thought about itself within the last 24 hours', v_actor.agent),
                DETAIL  = format('The last time was %s.', v_last),
                HINT    = 'Wait, or pass p_forced => true where something important happened.';
        END IF;
    END IF;
    v_recorded := agentry_memory._remember(
        v_actor.org_id, v_actor.agent_id,
        agentry_memory._metacognition_content(p_performance_evaluation, p_strategy_adjustments, p_goal_modifications,
                                              p_self_awareness_notes),
        'metacognition', p_importance, p_occurred_at => v_at, p_scope => p_scope, p_embedding => p_embedding,
        p_idempotency_key => p_idempotency_key);
    IF v_recorded.is_new THEN
        PERFORM agentry_memory._link(
            v_me.kind, v_me.org_id, v_me.agent_id, v_me.readers, v_me.sees_all, 'memory', v_recorded.id,
            'derived_from', 'memory', e.id, 1, NULL)
        FROM (SELECT DISTINCT u.id FROM unnest(p_evidence) AS u (id) ORDER BY u.id) AS e;
    END IF;
    RETURN v_recorded.id;
END;
$record_metacognition$;

COMMENT ON FUNCTION agentry_memory.record_metacognition(
    text, text, text[], text[], text, float8, uuid[], boolean, text, timestamptz, vector, text) IS
    'Keeps what an agent [the current one] thinks of how it does, as a memory of type metacognition with links '
    'derived_from to its evidence, and returns its id: how it did, what it does otherwise, what it wants instead, what '
    'it noticed about itself; at least one of them.  Once in 24 hours, unless p_forced.  Other arguments as for '
    'remember().  Raises object_not_in_prerequisite_state, undefined_object, check_violation, unique_violation, '
    'insufficient_privilege.';
