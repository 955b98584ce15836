-- _hold_claims(organisation, claims [, model, is_batch]) -> n, entry_id, model_id, tries, place
-- Locks rows of the queue for whoever has the tokens of their last claims: a JSON array of objects with entry_id, token
-- and, as a check, the name of the model; a lease that ran out still holds until the entry is claimed again.  Waits for
-- nobody, so it never is part of a deadlock: what somebody is changing just now is refused.  Rows come in the order of
-- the array.  Tries: claims that count against memory.max_attempts.
-- Raises invalid_parameter_value, undefined_object, object_not_in_prerequisite_state, lock_not_available.
CREATE OR REPLACE FUNCTION agentry_memory._hold_claims(
    p_org_id   uuid,
    p_claims   jsonb,
    p_model    text    DEFAULT NULL,
    p_is_batch boolean DEFAULT true
)
RETURNS TABLE (n bigint, entry_id bigint, model_id integer, tries integer, place tid)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $_hold_claims$
#variable_conflict use_column
DECLARE
    v_where text := CASE WHEN p_is_batch THEN 'object %s of the batch: ' ELSE '' END;
    v_held  bigint[];
    v_rows  tid[];
    v_bad   record;
BEGIN
    SELECT c.n, c.value ->> 'entry_id' AS entry_id, c.value ->> 'token' AS token
    INTO v_bad
    FROM jsonb_array_elements(p_claims) WITH ORDINALITY AS c (value, n)
    WHERE coalesce(c.value ->> 'entry_id' !~ '^[0-9]{1,18}$' OR c.value ->> 'token' !~ '^[0-9]{1,18}$', true)
    ORDER BY c.n
    LIMIT 1;
    IF v_bad.n IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format(v_where || 'entry or token is no number', v_bad.n),
            DETAIL  = format('entry_id: %L, token: %L', v_bad.entry_id, v_bad.token),
            HINT    = 'Pass both as agentry_memory.claim_embeddings() gave them.';
    END IF;

    SELECT array_agg(g.n ORDER BY g.n), array_agg(h.ctid ORDER BY g.n)
    INTO v_held, v_rows
    FROM (SELECT c.n,
                 (c.value ->> 'entry_id')::bigint AS entry_id,
                 (c.value ->> 'token')::bigint AS token,
                 coalesce(c.value ->> 'model', p_model) AS model
          FROM jsonb_array_elements(p_claims) WITH ORDINALITY AS c (value, n)) AS g
    CROSS JOIN LATERAL (
        SELECT q.ctid
        FROM agentry_memory.embedding_queue AS q
        WHERE q.org_id = p_org_id
          AND q.entry_id = g.entry_id
          AND q.token = g.token
          AND q.status = 'claimed'
          AND (g.model IS NULL
               OR q.model_id = (SELECT m.model_id FROM agentry_memory.embedding_models AS m WHERE m.name = g.model))
        FOR UPDATE SKIP LOCKED) AS h;
    SELECT c.n, (c.value ->> 'entry_id')::bigint AS entry_id, (c.value ->> 'token')::bigint AS token,
           coalesce(c.value ->> 'model', p_model) AS model
    INTO v_bad
    FROM jsonb_array_elements(p_claims) WITH ORDINALITY AS c (value, n)
    WHERE v_held IS NULL OR c.n <> ALL (v_held)
    ORDER BY c.n
    LIMIT 1;
    IF v_bad.n IS NOT NULL THEN
        PERFORM agentry_memory._refuse_claim(
            p_org_id, format(v_where, v_bad.n), v_bad.entry_id, v_bad.token, v_bad.model);
    END IF;
    SELECT max(r.n) AS n
    INTO v_bad
    FROM unnest(v_rows) WITH ORDINALITY AS r (place, n)
    GROUP BY r.place
    HAVING count(*) > 1
    ORDER BY 1
    LIMIT 1;
    IF v_bad.n IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format(v_where || 'this claim stands in it twice', v_bad.n),
            HINT    = 'Pass each claim once.';
    END IF;

    RETURN QUERY
    SELECT r.n, q.entry_id, q.model_id, q.attempts - q.uncounted, r.place
    FROM unnest(v_rows) WITH ORDINALITY AS r (place, n)
    JOIN agentry_memory.embedding_queue AS q ON q.ctid = r.place
    ORDER BY r.n;
END;
$_hold_claims$;

COMMENT ON FUNCTION agentry_memory._hold_claims(uuid, jsonb, text, boolean) IS
    'Locks rows of the queue for whoever has the tokens of their last claims, and waits for nobody.';
