-- _forget_owner(organisation, subject) -> bigint: agents of a forgotten user stay, without owner, never seen by more
CREATE OR REPLACE FUNCTION agentry._forget_owner(p_org_id uuid, p_subject jsonb)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_forget_owner$
DECLARE
    v_done bigint;
BEGIN
    UPDATE agentry.agents AS a
    SET user_id = NULL, scope = CASE a.scope WHEN 'user' THEN 'agent' ELSE a.scope END
    WHERE a.org_id = p_org_id AND a.user_id = (p_subject ->> 'user_id')::uuid;
    GET DIAGNOSTICS v_done = ROW_COUNT;
    RETURN v_done;
END;
$_forget_owner$;

COMMENT ON FUNCTION agentry._forget_owner(uuid, jsonb) IS 'Takes a forgotten user from the agents that the user owned.';
