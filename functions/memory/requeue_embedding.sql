-- requeue_embedding(entry_id [, model]) -> void
-- Makes an entry that was tried too often due again, with all the attempts of a new one.  Model: the default one.
-- Raises insufficient_privilege, undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory.requeue_embedding(p_entry_id bigint, p_model text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $requeue_embedding$
DECLARE
    v_me     record := agentry._caller();
    v_model  record;
    v_status text;
BEGIN
    PERFORM agentry_memory._refuse_agents(v_me.kind, v_me.agent);
    v_model := agentry_memory._organization_model(v_me.org_id, p_model);
    UPDATE agentry_memory.embedding_queue AS q
    SET status = 'pending', uncounted = q.attempts, available_at = agentry._clock(), dead_at = NULL
    WHERE q.org_id = v_me.org_id
      AND q.entry_id = p_entry_id
      AND q.model_id = v_model.model_id
      AND q.status = 'dead';
    IF FOUND THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT
                   FROM agentry_memory.memory_entries AS e
                   WHERE e.org_id = v_me.org_id AND e.id = p_entry_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('entry %s does not exist', coalesce(p_entry_id::text, 'NULL')),
            HINT    = 'Entries that wait in vain stand in agentry_memory.embedding_queue, with status dead.';
    END IF;
    SELECT q.status
    INTO v_status
    FROM agentry_memory.embedding_queue AS q
    WHERE q.org_id = v_me.org_id AND q.entry_id = p_entry_id AND q.model_id = v_model.model_id;
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('entry %s is not given up for model %s', p_entry_id, v_model.name),
        DETAIL  = format('It is %s.', coalesce(v_status, 'embedded')),
        HINT    = 'What was tried too often, has status dead in agentry_memory.embedding_queue.';
END;
$requeue_embedding$;

COMMENT ON FUNCTION agentry_memory.requeue_embedding(bigint, text) IS
    'Makes an entry that was tried too often due again for a model [the default one], with memory.max_attempts new '
    'attempts.  For applications and administrators.  Raises insufficient_privilege, undefined_object, '
    'object_not_in_prerequisite_state.';
