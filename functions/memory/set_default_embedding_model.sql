-- set_default_embedding_model(name [, force]) -> void
-- From now on recall() of the organisation uses this model where none is named.  Refused while entries wait for an
-- embedding by it, unless forced.  Locks the organisation.  For applications and administrators.
-- Raises insufficient_privilege, undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory.set_default_embedding_model(p_name text, p_force boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $set_default_embedding_model$
DECLARE
    v_me    record := agentry._caller();
    v_model record;
BEGIN
    PERFORM agentry_memory._refuse_agents(v_me.kind, v_me.agent);
    PERFORM FROM agentry.organizations AS o WHERE o.id = v_me.org_id FOR NO KEY UPDATE;
    v_model := agentry_memory._organization_model(v_me.org_id, p_name);
    PERFORM agentry_memory._set_default_model(v_me.org_id, v_model.model_id, v_model.name, p_force);
END;
$set_default_embedding_model$;

COMMENT ON FUNCTION agentry_memory.set_default_embedding_model(text, boolean) IS
    'Makes a model that the organisation uses the default one of recall().  Refused while entries wait for an '
    'embedding by it, unless forced: then those are found by their words alone until they have one.  For applications '
    'and administrators.  Raises insufficient_privilege, undefined_object, object_not_in_prerequisite_state.';
