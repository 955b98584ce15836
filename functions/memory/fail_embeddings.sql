-- fail_embeddings(failures) -> entry_id, status
-- fail_embedding() for a batch, all or nothing: a JSON array of objects with its arguments less p_.  Rows come back in
-- the order of the array.
-- Raises what fail_embedding() raises, with the position of the object.
CREATE OR REPLACE FUNCTION agentry_memory.fail_embeddings(p_failures jsonb)
RETURNS TABLE (entry_id bigint, status text)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $fail_embeddings$
DECLARE
    v_me record := agentry._caller();
BEGIN
    PERFORM agentry_memory._refuse_agents(v_me.kind, v_me.agent);
    PERFORM agentry._check_batch(p_failures, '{entry_id,token}', '{error,model}');
    RETURN QUERY
    SELECT f.entry_id, f.status FROM agentry_memory._fail_claims(v_me.org_id, p_failures, NULL, true) AS f;
END;
$fail_embeddings$;

COMMENT ON FUNCTION agentry_memory.fail_embeddings(jsonb) IS
    'Says of a JSON array of {entry_id, token, error, model} that they could not be embedded, all or nothing; returns '
    'ids and statuses in order.  Raises what fail_embedding() raises; a bad object is named by its position (from 1).';
