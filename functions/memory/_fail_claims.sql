-- _fail_claims(organisation, failures, model, is_batch) -> entry_id, status: fail_embeddings() for whoever may
CREATE OR REPLACE FUNCTION agentry_memory._fail_claims(
    p_org_id   uuid,
    p_failures jsonb,
    p_model    text,
    p_is_batch boolean
)
RETURNS TABLE (entry_id bigint, status text)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $_fail_claims$
#variable_conflict use_column
DECLARE
    v_now   timestamptz := agentry._clock();
    v_most  integer     := agentry._setting(p_org_id, 'memory.max_attempts')::integer;
    v_delay interval    := (agentry._setting(p_org_id, 'memory.retry_delay') #>> '{}')::interval;
    v_rows  tid[];
    v_tries integer[];
BEGIN
    -- first, so that what follows sees the rows as they are
    SELECT array_agg(h.place ORDER BY h.n), array_agg(h.tries ORDER BY h.n)
    INTO v_rows, v_tries
    FROM agentry_memory._hold_claims(p_org_id, p_failures, p_model, p_is_batch) AS h;
    RETURN QUERY
    WITH failed AS (
        UPDATE agentry_memory.embedding_queue AS q
        SET status       = CASE WHEN h.tries >= v_most THEN 'dead' ELSE 'failed' END,
            dead_at      = CASE WHEN h.tries >= v_most THEN v_now END,
            lease_until  = NULL,
            available_at = CASE WHEN h.tries >= v_most THEN q.available_at
                                ELSE v_now + least(v_delay * power(2, least(h.tries, 30) - 1), interval '1 hour')
                                             * (0.8 + 0.4 * random()) END,
            error        = coalesce(p_failures -> (h.n - 1)::integer ->> 'error', q.error)
        FROM unnest(v_rows, v_tries) WITH ORDINALITY AS h (place, tries, n)
        WHERE q.ctid = h.place
        RETURNING h.n, q.entry_id, q.status
    )
    SELECT f.entry_id, f.status FROM failed AS f ORDER BY f.n;
END;
$_fail_claims$;

COMMENT ON FUNCTION agentry_memory._fail_claims(uuid, jsonb, text, boolean) IS
    'Says of claims that they failed, for whoever may.';
