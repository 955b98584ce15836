-- requeue_embeddings([model]) -> count
-- Makes every entry that was tried too often due again, with all the attempts of a new one, as when a provider is back
-- after a long time; returns how many.  Model: the default one.  What somebody is changing just now is passed over.
-- Raises insufficient_privilege, undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory.requeue_embeddings(p_model text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $requeue_embeddings$
DECLARE
    v_now   timestamptz := agentry._clock();
    v_me    record      := agentry._caller();
    v_model record;
    v_count bigint;
BEGIN
    PERFORM agentry_memory._refuse_agents(v_me.kind, v_me.agent);
    v_model := agentry_memory._organization_model(v_me.org_id, p_model);
    UPDATE agentry_memory.embedding_queue AS q
    SET status = 'pending', uncounted = q.attempts, available_at = v_now, dead_at = NULL
    WHERE q.ctid = ANY (ARRAY(
        SELECT d.ctid
        FROM agentry_memory.embedding_queue AS d
        WHERE d.org_id = v_me.org_id AND d.model_id = v_model.model_id AND d.status = 'dead'
        FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$requeue_embeddings$;

COMMENT ON FUNCTION agentry_memory.requeue_embeddings(text) IS
    'Makes every entry that was tried too often due again for a model [the default one], with memory.max_attempts new '
    'attempts, and returns how many.  For applications and administrators.  Raises insufficient_privilege, '
    'undefined_object, object_not_in_prerequisite_state.';
