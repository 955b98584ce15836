-- stop_embedding_model(name) -> count
-- The organisation uses a model no longer: its vectors by it go, and what waits for one; returns how many vectors.  The
-- default one only as the last.  Locks the organisation.  For applications and administrators.
-- Raises insufficient_privilege, undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory.stop_embedding_model(p_name text)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $stop_embedding_model$
DECLARE
    v_me    record := agentry._caller();
    v_model record;
    v_count bigint;
BEGIN
    PERFORM agentry_memory._refuse_agents(v_me.kind, v_me.agent);
    PERFORM FROM agentry.organizations AS o WHERE o.id = v_me.org_id FOR NO KEY UPDATE;
    v_model := agentry_memory._organization_model(v_me.org_id, p_name);
    -- what is being completed ends before, and nothing new begins
    PERFORM FROM agentry_memory.organization_models AS o
    WHERE o.org_id = v_me.org_id AND o.model_id = v_model.model_id FOR UPDATE;
    IF (SELECT bool_or(o.is_default AND o.model_id = v_model.model_id) AND count(*) > 1
        FROM agentry_memory.organization_models AS o
        WHERE o.org_id = v_me.org_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('model %s is the default of the organisation', p_name),
            HINT    = 'Make another one the default first: agentry_memory.set_default_embedding_model(name).';
    END IF;
    DELETE FROM agentry_memory.memory_vectors AS v
    WHERE v.org_id = v_me.org_id AND v.model_id = v_model.model_id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    DELETE FROM agentry_memory.organization_models AS o
    WHERE o.org_id = v_me.org_id AND o.model_id = v_model.model_id;
    RETURN v_count;
END;
$stop_embedding_model$;

COMMENT ON FUNCTION agentry_memory.stop_embedding_model(text) IS
    'The organisation uses a model no longer: its vectors by it go, of which it returns the number, and what waits for '
    'one.  The default model only as the last one.  For applications and administrators.  Raises '
    'insufficient_privilege, undefined_object, object_not_in_prerequisite_state.';
