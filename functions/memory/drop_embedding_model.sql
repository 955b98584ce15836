-- drop_embedding_model(name [, force]) -> count
-- Takes a model out of this database, with its index.  Force: though organisations use it, and with their vectors by
-- it; returns how many went.  Locks the table of vectors until the transaction ends.  For administrators.
-- Raises undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory.drop_embedding_model(p_name text, p_force boolean DEFAULT false)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $drop_embedding_model$
DECLARE
    v_model record := agentry_memory._embedding_model(p_name);
    v_users text;
    v_count bigint;
BEGIN
    -- nobody takes it from here on
    PERFORM FROM agentry_memory.embedding_models AS m WHERE m.model_id = v_model.model_id FOR UPDATE;
    SELECT string_agg(u.name, ', ' ORDER BY u.name)
    INTO v_users
    FROM (SELECT o.name
          FROM agentry_memory.organization_models AS m
          JOIN agentry.organizations AS o ON o.id = m.org_id
          WHERE m.model_id = v_model.model_id
          ORDER BY o.name
          LIMIT 10) AS u;
    IF v_users IS NOT NULL AND NOT coalesce(p_force, false) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('embedding model %s is in use', p_name),
            DETAIL  = format('Organisations that use it: %s.', v_users),
            HINT    = 'They leave it by agentry_memory.stop_embedding_model(name).  Or pass force: their vectors by it '
                      'go.';
    END IF;
    -- what is being completed ends before, and nothing new begins
    PERFORM FROM agentry_memory.organization_models AS o
    WHERE o.model_id = v_model.model_id ORDER BY o.org_id FOR UPDATE;
    DELETE FROM agentry_memory.memory_vectors AS v WHERE v.model_id = v_model.model_id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    DELETE FROM agentry_memory.organization_models AS o WHERE o.model_id = v_model.model_id;
    DELETE FROM agentry_memory.embedding_models AS m WHERE m.model_id = v_model.model_id;
    EXECUTE format('DROP INDEX IF EXISTS agentry_memory.%I', format('memory_vectors_%s_idx', v_model.model_id));
    RETURN v_count;
END;
$drop_embedding_model$;

COMMENT ON FUNCTION agentry_memory.drop_embedding_model(text, boolean) IS
    'Takes an embedding model out of this database, with its index.  Force: though organisations use it, and with all '
    'their vectors by it, of which it returns the number.  For administrators.  Raises undefined_object, '
    'object_not_in_prerequisite_state.';
