-- use_embedding_model(name [, default]) -> count
-- The organisation has its entries embedded by a model, those that come and those that are there, which are queued
-- behind the new ones; returns how many.  Its first model is its default one at once.  A further one is filled while
-- the former answers, and set_default_embedding_model() makes the change; default: do it now, which is refused as
-- there.  Repeatable.  Locks the organisation.  For applications and administrators.
-- Raises insufficient_privilege, undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory.use_embedding_model(p_name text, p_default boolean DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $use_embedding_model$
DECLARE
    v_me    record := agentry._caller();
    v_model record;
    v_count bigint;
BEGIN
    PERFORM agentry_memory._refuse_agents(v_me.kind, v_me.agent);
    PERFORM FROM agentry.organizations AS o WHERE o.id = v_me.org_id FOR NO KEY UPDATE;
    v_model := agentry_memory._embedding_model(p_name);
    INSERT INTO agentry_memory.organization_models (org_id, model_id, is_default)
    SELECT v_me.org_id, v_model.model_id,
           coalesce(p_default, true)
           AND NOT EXISTS (SELECT
                           FROM agentry_memory.organization_models AS o
                           WHERE o.org_id = v_me.org_id AND o.is_default)
    ON CONFLICT (org_id, model_id) DO NOTHING;
    v_count := agentry_memory._queue_model(v_me.org_id, v_model.model_id);
    IF p_default AND NOT EXISTS (
        SELECT
        FROM agentry_memory.organization_models AS o
        WHERE o.org_id = v_me.org_id AND o.model_id = v_model.model_id AND o.is_default) THEN
        PERFORM agentry_memory._set_default_model(v_me.org_id, v_model.model_id, v_model.name, false);
    END IF;
    RETURN v_count;
END;
$use_embedding_model$;

COMMENT ON FUNCTION agentry_memory.use_embedding_model(text, boolean) IS
    'The organisation has its entries embedded by a registered model from now on; those that are there are queued '
    'behind new ones, and their number is returned.  The first model is the default of the organisation at once, '
    'unless default is false; a further one is filled while the former answers, until set_default_embedding_model().  '
    'Repeatable.  For applications and administrators.  Raises insufficient_privilege, undefined_object, '
    'object_not_in_prerequisite_state.';
