-- _set_default_model(organisation, model_id, name, force) -> void
-- Makes a model that the organisation uses its default one.
-- Raises object_not_in_prerequisite_state where entries wait for an embedding by it, unless forced.
CREATE OR REPLACE FUNCTION agentry_memory._set_default_model(
    p_org_id   uuid,
    p_model_id integer,
    p_name     text,
    p_force    boolean
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_set_default_model$
DECLARE
    v_waiting record;
BEGIN
    PERFORM FROM agentry_memory.organization_models AS o
    WHERE o.org_id = p_org_id ORDER BY o.model_id FOR NO KEY UPDATE;
    IF NOT coalesce(p_force, false) THEN
        SELECT count(*) AS entries, count(*) FILTER (WHERE q.status = 'dead') AS dead
        INTO v_waiting
        FROM agentry_memory.memory_entries AS e
        LEFT JOIN agentry_memory.embedding_queue AS q
               ON q.org_id = p_org_id AND q.entry_id = e.id AND q.model_id = p_model_id
        WHERE e.org_id = p_org_id
          AND NOT EXISTS (SELECT
                          FROM agentry_memory.memory_vectors AS v
                          WHERE v.org_id = p_org_id AND v.entry_id = e.id AND v.model_id = p_model_id);
        IF v_waiting.entries > 0 THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('%s entries wait for an embedding by %s', v_waiting.entries, p_name),
                DETAIL  = format('%s of them were tried in vain.', v_waiting.dead),
                HINT    = 'Let workers go on: agentry_memory.claim_embeddings(model); those in vain go again by '
                          'requeue_embeddings(model).  How far it is: agentry_memory.v_embedding_progress.  Or pass '
                          'force: until then these are found by their words alone.';
        END IF;
    END IF;
    UPDATE agentry_memory.organization_models AS o
    SET is_default = false
    WHERE o.org_id = p_org_id AND o.is_default AND o.model_id <> p_model_id;
    UPDATE agentry_memory.organization_models AS o
    SET is_default = true
    WHERE o.org_id = p_org_id AND o.model_id = p_model_id AND NOT o.is_default;
END;
$_set_default_model$;

COMMENT ON FUNCTION agentry_memory._set_default_model(uuid, integer, text, boolean) IS
    'Makes a model that the organisation uses its default one; refused while entries wait for it, unless forced.';
