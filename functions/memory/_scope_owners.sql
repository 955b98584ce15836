-- _scope_owners(organisation, agent, scope) -> user_id, team_id: whose a memory of an agent is beside the agent's
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_memory._scope_owners(
    p_org_id    uuid,
    p_agent_id  uuid,
    p_scope     text,
    OUT user_id uuid,
    OUT team_id uuid
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_scope_owners$
DECLARE
    v_agent record;
BEGIN
    IF p_scope IN ('agent', 'organisation') THEN
        RETURN;
    END IF;
    SELECT a.name, a.user_id, coalesce(a.team_id, u.team_id) AS team_id
    INTO v_agent
    FROM agentry.agents AS a
    LEFT JOIN agentry.users AS u ON u.org_id = a.org_id AND u.id = a.user_id
    WHERE a.org_id = p_org_id AND a.id = p_agent_id;
    user_id := CASE WHEN p_scope = 'user' THEN v_agent.user_id END;
    team_id := CASE WHEN p_scope = 'team' THEN v_agent.team_id END;
    IF user_id IS NULL AND team_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = CASE WHEN p_scope IN ('user', 'team') THEN format('agent %s has no %s', v_agent.name, p_scope)
                           ELSE format('scope %s does not exist', coalesce(quote_literal(p_scope), 'NULL')) END,
            HINT    = 'Scope is agent (nobody else reads it), user (of the agent), team (of the agent) or '
                      'organisation.';
    END IF;
END;
$_scope_owners$;

COMMENT ON FUNCTION agentry_memory._scope_owners(uuid, uuid, text) IS
    'User or team that a scope of a memory means: that of the agent.';
