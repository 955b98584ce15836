-- record_reflection(agent, text [, insights, evidence, behavioral_changes, importance, ...]) -> id
-- Keeps what an agent concluded from its memories: a memory of type reflection, derived from the memories that are its
-- evidence.  What counts towards the next reflection begins anew.  Reflections of one agent wait for each other; nobody
-- who remembers does.
-- Raises undefined_object, check_violation, unique_violation, and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_memory.record_reflection(
    p_agent              text,
    p_text               text,
    p_insights           text[]      DEFAULT '{}',
    p_evidence           uuid[]      DEFAULT '{}',
    p_behavioral_changes text[]      DEFAULT '{}',
    p_importance         float8      DEFAULT NULL,
    p_tags               text[]      DEFAULT '{}',
    p_scope              text        DEFAULT 'agent',
    p_occurred_at        timestamptz DEFAULT NULL,
    p_embedding          vector      DEFAULT NULL,
    p_idempotency_key    text        DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $record_reflection$
DECLARE
    v_actor      record := agentry._actor(p_agent);
    v_me         record := agentry_memory._reading_as(v_actor.agent);
    v_reflection record;
    v_counted    bigint[];
    v_mean       numeric;
BEGIN
    PERFORM agentry_memory._lock_reflection(v_actor.org_id, v_actor.agent_id);
    SELECT array_agg(w.id), sum(w.importance)::numeric / sum(w.memories)
    INTO v_counted, v_mean
    FROM agentry_memory.memory_importance AS w
    WHERE w.org_id = v_actor.org_id AND w.agent_id = v_actor.agent_id;
    SELECT coalesce(avg(m.importance::numeric), v_mean, 0)
    INTO v_mean
    FROM agentry_memory.agent_memories AS m
    WHERE m.org_id = v_actor.org_id AND m.id = ANY (p_evidence) AND m.readers && v_me.readers;
    v_reflection := agentry_memory._remember(
        v_actor.org_id, v_actor.agent_id,
        jsonb_build_object('text', p_text, 'insights', coalesce(p_insights, '{}'),
                           'behavioral_changes', coalesce(p_behavioral_changes, '{}')),
        'reflection',
        coalesce(p_importance,
                 -- that of the same reflection, told once more
                 (SELECT m.importance
                  FROM agentry_memory.agent_memories AS m
                  WHERE m.org_id = v_actor.org_id
                    AND m.agent_id = v_actor.agent_id
                    AND m.idempotency_key = p_idempotency_key),
                 -- on a scale of 1 to 10: 2 more than what it rests on, from 7 on
                 least(greatest(round(v_mean * 10 + 2), 7), 10)::real / 10),
        p_tags => p_tags, p_occurred_at => p_occurred_at, p_scope => p_scope, p_embedding => p_embedding,
        p_idempotency_key => p_idempotency_key);
    IF v_reflection.is_new THEN
        DELETE FROM agentry_memory.memory_importance AS w
        WHERE w.org_id = v_actor.org_id AND w.agent_id = v_actor.agent_id AND w.id = ANY (v_counted);
        PERFORM agentry_memory._link(
            v_me.kind, v_me.org_id, v_me.agent_id, v_me.readers, v_me.sees_all, 'memory', v_reflection.id,
            'derived_from', 'memory', e.id, 1, NULL)
        FROM (SELECT DISTINCT u.id FROM unnest(p_evidence) AS u (id) ORDER BY u.id) AS e;
    END IF;
    RETURN v_reflection.id;
END;
$record_reflection$;

COMMENT ON FUNCTION agentry_memory.record_reflection(
    text, text, text[], uuid[], text[], float8, text[], text, timestamptz, vector, text) IS
    'Keeps what an agent [the current one] concluded from its memories, as a memory of type reflection with links '
    'derived_from to the memories that are its evidence, and returns its id; reflections_due() begins anew.  '
    'importance: 0 to 1 [on a scale of 1 to 10: 2 more than the mean of the evidence, else of what was remembered '
    'since the last one, rounded, 7 to 10].  Other arguments as for remember().  Raises undefined_object, '
    'check_violation, unique_violation, insufficient_privilege.';
