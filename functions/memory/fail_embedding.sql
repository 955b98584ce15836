-- fail_embedding(entry_id, error, token [, model]) -> status
-- Says that a claimed entry could not be embedded: it is due again after a wait (memory.retry_delay, doubled with each
-- attempt), or dead after the last attempt (memory.max_attempts).
-- Raises insufficient_privilege, invalid_parameter_value, undefined_object, object_not_in_prerequisite_state,
-- lock_not_available.
CREATE OR REPLACE FUNCTION agentry_memory.fail_embedding(
    p_entry_id bigint,
    p_error    text,
    p_token    bigint,
    p_model    text DEFAULT NULL
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $fail_embedding$
DECLARE
    v_me record := agentry._caller();
BEGIN
    PERFORM agentry_memory._refuse_agents(v_me.kind, v_me.agent);
    RETURN (SELECT f.status
            FROM agentry_memory._fail_claims(
                v_me.org_id,
                jsonb_build_array(jsonb_build_object('entry_id', p_entry_id, 'error', p_error, 'token', p_token)),
                p_model, false) AS f);
END;
$fail_embedding$;

COMMENT ON FUNCTION agentry_memory.fail_embedding(bigint, text, bigint, text) IS
    'Says that a claimed entry could not be embedded, and returns failed, when it is due again after the setting '
    'memory.retry_delay, or dead, when it was tried as often as memory.max_attempts says.  Token: of the claim.  '
    'Model: a check that it was claimed for it.  For workers: applications and administrators.  Raises '
    'insufficient_privilege, invalid_parameter_value, undefined_object, object_not_in_prerequisite_state, '
    'lock_not_available.';
