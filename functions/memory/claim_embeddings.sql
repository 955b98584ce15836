-- claim_embeddings([model, limit, lease]) -> entry_id, source, id, content, content_hash, attempts, token, model
-- Takes entries that are due for an embedding by a model [the default one] for the time of the lease: pending ones,
-- failed ones whose wait is over, and claimed ones whose lease ran out; by priority, then oldest first.  Locks those
-- rows of the queue only and waits for nobody (SKIP LOCKED).  A claim that comes back with less than limit gives up
-- what was tried as often as memory.max_attempts says.
-- Raises insufficient_privilege, invalid_parameter_value, undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory.claim_embeddings(
    p_model text     DEFAULT NULL,
    p_limit integer  DEFAULT 32,
    p_lease interval DEFAULT '5 minutes'
)
RETURNS TABLE (
    entry_id     bigint,
    source       text,
    id           text,
    content      text,
    content_hash uuid,
    attempts     integer,
    token        bigint,
    model        text
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $claim_embeddings$
#variable_conflict use_column
DECLARE
    v_now   timestamptz := agentry._clock();
    v_me    record      := agentry._caller();
    v_model record;
    v_count integer;
BEGIN
    PERFORM agentry_memory._refuse_agents(v_me.kind, v_me.agent);
    PERFORM agentry_memory._check_lease(p_lease);
    IF coalesce(p_limit NOT BETWEEN 1 AND 1000, true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'limit is out of range',
            DETAIL  = format('got: %s', coalesce(p_limit::text, 'NULL')),
            HINT    = 'A limit is 1 to 1000.';
    END IF;
    v_model := agentry_memory._organization_model(v_me.org_id, p_model);

    -- Rows are found again by where they are, and entries one by one (OFFSET), whatever the planner thinks of the
    -- table.  One that somebody changed since the statement began is locked and not taken: its text may be another.
    RETURN QUERY
    WITH claimed AS (
        UPDATE agentry_memory.embedding_queue AS q
        SET status = 'claimed', attempts = q.attempts + 1, token = DEFAULT, lease_until = v_now + p_lease
        WHERE q.ctid = ANY (ARRAY(
            SELECT d.ctid
            FROM agentry_memory.embedding_queue AS d
            WHERE d.org_id = v_me.org_id
              AND d.model_id = v_model.model_id
              AND d.dead_at IS NULL
              AND d.available_at <= v_now
              AND (d.lease_until IS NULL OR d.lease_until <= v_now)
              AND (d.attempts = d.uncounted
                   OR d.attempts - d.uncounted
                      < (SELECT agentry._setting(v_me.org_id, 'memory.max_attempts')::integer))
            ORDER BY d.priority, d.entry_id
            LIMIT p_limit
            FOR UPDATE SKIP LOCKED))
        RETURNING q.entry_id, q.priority, q.attempts, q.token
    )
    SELECT c.entry_id, s.name, e.row_id, e.content, e.content_hash, c.attempts, c.token, v_model.name
    FROM claimed AS c
    CROSS JOIN LATERAL (SELECT t.*
                        FROM agentry_memory.memory_entries AS t
                        WHERE t.org_id = v_me.org_id AND t.id = c.entry_id
                        OFFSET 0) AS e
    JOIN agentry_memory.memory_sources AS s ON s.source_id = e.source_id
    ORDER BY c.priority, c.entry_id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count < p_limit THEN
        PERFORM agentry_memory._settle_claims(v_me.org_id, v_model.model_id, v_now);
    END IF;
END;
$claim_embeddings$;

COMMENT ON FUNCTION agentry_memory.claim_embeddings(text, integer, interval) IS
    'Takes up to limit (1 to 1000) entries that are due for an embedding by a model of the organisation [its default '
    'one] for the time of the lease (1 second to 1 day), by priority, then oldest first, with their texts.  Give the '
    'embeddings to complete_embeddings() with the tokens, or say fail_embedding(); after the lease an entry can be '
    'claimed again.  For workers: applications and administrators.  Raises insufficient_privilege, '
    'invalid_parameter_value, undefined_object, object_not_in_prerequisite_state.';
