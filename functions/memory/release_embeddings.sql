-- release_embeddings(claims) -> count
-- Gives claims back, all or nothing: a JSON array of {entry_id, token, model}.  The entries are due at once, and the
-- claims do not count against memory.max_attempts, for nothing was tried.
-- Raises insufficient_privilege, invalid_parameter_value, undefined_object, object_not_in_prerequisite_state,
-- lock_not_available.
CREATE OR REPLACE FUNCTION agentry_memory.release_embeddings(p_claims jsonb)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $release_embeddings$
DECLARE
    v_now   timestamptz := agentry._clock();
    v_me    record      := agentry._caller();
    v_rows  tid[];
    v_count integer;
BEGIN
    PERFORM agentry_memory._refuse_agents(v_me.kind, v_me.agent);
    PERFORM agentry._check_batch(p_claims, '{entry_id,token}', '{model}');
    v_rows := ARRAY(SELECT h.place FROM agentry_memory._hold_claims(v_me.org_id, p_claims) AS h);
    UPDATE agentry_memory.embedding_queue AS q
    SET status = 'pending', uncounted = q.uncounted + 1, available_at = v_now, lease_until = NULL
    WHERE q.ctid = ANY (v_rows);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$release_embeddings$;

COMMENT ON FUNCTION agentry_memory.release_embeddings(jsonb) IS
    'Gives the claims of a JSON array of {entry_id, token, model} back, all or nothing: due at once, and not attempts '
    'that count; returns how many.  For a worker that stops.  For applications and administrators.  Raises '
    'insufficient_privilege, invalid_parameter_value, undefined_object, object_not_in_prerequisite_state, '
    'lock_not_available; a bad object is named by its position (from 1).';
