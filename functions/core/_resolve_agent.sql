-- _resolve_agent(organisation, name) -> id, name, status, user_id, team_id: the agent of a name or alias
-- Raises undefined_object with the closest name.
CREATE OR REPLACE FUNCTION agentry._resolve_agent(
    p_org_id    uuid,
    p_name      text,
    OUT id      uuid,
    OUT name    text,
    OUT status  text,
    OUT user_id uuid,
    OUT team_id uuid
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_resolve_agent$
DECLARE
    v_name text := agentry.fold_name(p_name);
BEGIN
    SELECT a.id, a.name, a.status, a.user_id, a.team_id
    INTO id, name, status, user_id, team_id
    FROM agentry.agents AS a
    WHERE a.org_id = p_org_id AND a.name = v_name;
    IF id IS NULL THEN
        SELECT a.id, a.name, a.status, a.user_id, a.team_id
        INTO id, name, status, user_id, team_id
        FROM agentry.agent_aliases AS l
        JOIN agentry.agents AS a ON a.org_id = l.org_id AND a.id = l.agent_id
        WHERE l.org_id = p_org_id AND l.alias = v_name;
    END IF;
    IF id IS NULL THEN
        PERFORM agentry._refuse_unknown_agent(p_org_id, p_name);
    END IF;
END;
$_resolve_agent$;

COMMENT ON FUNCTION agentry._resolve_agent(uuid, text) IS
    'The agent of a name or alias in an organisation; unknown ones are refused.';
