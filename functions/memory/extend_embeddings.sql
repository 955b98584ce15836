-- extend_embeddings(claims [, lease]) -> entry_id, lease_until
-- Prolongs claims, all or nothing: a JSON array of {entry_id, token, model}.  A lease ends that long from now, or when
-- it ended before if that is later; one that ran out is prolonged as long as nobody has claimed the entry again.  Rows
-- come back in the order of the array.
-- Raises insufficient_privilege, invalid_parameter_value, undefined_object, object_not_in_prerequisite_state,
-- lock_not_available.
CREATE OR REPLACE FUNCTION agentry_memory.extend_embeddings(p_claims jsonb, p_lease interval DEFAULT '5 minutes')
RETURNS TABLE (entry_id bigint, lease_until timestamptz)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $extend_embeddings$
#variable_conflict use_column
DECLARE
    v_now  timestamptz := agentry._clock();
    v_me   record      := agentry._caller();
    v_rows tid[];
BEGIN
    PERFORM agentry_memory._refuse_agents(v_me.kind, v_me.agent);
    PERFORM agentry_memory._check_lease(p_lease);
    PERFORM agentry._check_batch(p_claims, '{entry_id,token}', '{model}');
    v_rows := ARRAY(SELECT h.place FROM agentry_memory._hold_claims(v_me.org_id, p_claims) AS h ORDER BY h.n);
    RETURN QUERY
    WITH extended AS (
        UPDATE agentry_memory.embedding_queue AS q
        SET lease_until = greatest(q.lease_until, v_now + p_lease)
        FROM unnest(v_rows) WITH ORDINALITY AS h (place, n)
        WHERE q.ctid = h.place
        RETURNING h.n, q.entry_id, q.lease_until
    )
    SELECT e.entry_id, e.lease_until FROM extended AS e ORDER BY e.n;
END;
$extend_embeddings$;

COMMENT ON FUNCTION agentry_memory.extend_embeddings(jsonb, interval) IS
    'Prolongs the claims of a JSON array of {entry_id, token, model}, all or nothing, to end that long (1 second to 1 '
    'day) from now, never earlier than before; returns ids and ends of leases in order.  A lease that ran out can be '
    'prolonged until the entry is claimed again.  For workers: applications and administrators.  Raises '
    'insufficient_privilege, invalid_parameter_value, undefined_object, object_not_in_prerequisite_state, '
    'lock_not_available; a bad object is named by its position (from 1).';
