-- _actor([agent]) -> org_id, agent_id, agent, kind, user_id, team_id
-- For functions that act: the agent that whoever is asking may act as; by default the one it is.  Nobody, an unknown
-- agent, one that is suspended and another's are refused.
-- Raises invalid_authorization_specification, undefined_object, insufficient_privilege, invalid_parameter_value,
-- object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry._actor(
    p_agent      text DEFAULT NULL,
    OUT org_id   uuid,
    OUT agent_id uuid,
    OUT agent    text,
    OUT kind     text,
    OUT user_id  uuid,
    OUT team_id  uuid
)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
-- else a plan that was made under the planner's settings of one of our functions is made anew under those of another
SET plan_cache_mode = force_generic_plan
AS $_actor$
DECLARE
    v_me    record;
    v_agent record;
BEGIN
    -- as in _is_restricted()
    BEGIN
        UNLISTEN agentry_probe;
    EXCEPTION
        WHEN insufficient_privilege THEN
            PERFORM agentry._caller();
    END;
    SELECT a.org_id, a.agent_id, a.agent, 'app'
    INTO org_id, agent_id, agent, kind
    FROM agentry._app_agent(p_agent) AS a;
    IF agent IS NOT NULL THEN
        RETURN;
    END IF;

    v_me := agentry._identity();
    IF v_me.org_id IS NULL THEN
        PERFORM agentry._caller();
    END IF;
    org_id  := v_me.org_id;
    kind    := v_me.kind;
    user_id := v_me.user_id;
    team_id := v_me.team_id;
    IF v_me.agent = coalesce(p_agent, v_me.agent) THEN
        agent_id := v_me.agent_id;
        agent    := v_me.agent;
        RETURN;
    END IF;
    IF p_agent IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'which agent is not clear',
            DETAIL  = format('You are %s, no agent.', v_me.kind),
            HINT    = 'Name the agent, or call agentry.act_as(agent) first.';
    END IF;

    SELECT a.id, a.name, a.status, a.user_id
    INTO v_agent
    FROM agentry._resolve_agent(v_me.org_id, p_agent) AS a;
    IF v_me.agent_id IS DISTINCT FROM v_agent.id
       AND v_me.kind NOT IN ('app', 'admin')
       AND NOT (v_me.kind = 'user' AND v_agent.user_id IS NOT DISTINCT FROM v_me.user_id) THEN
        IF v_me.kind <> 'reader' AND NOT EXISTS (
            SELECT
            FROM agentry.agents AS a
            WHERE a.org_id = v_me.org_id
              AND a.id = v_agent.id
              AND (a.scope = 'organisation'
                   OR a.scope = 'team' AND a.team_id = v_me.team_id
                   OR a.scope = 'user' AND a.user_id = v_me.user_id)) THEN
            -- whom the caller does not see is not there
            PERFORM agentry._refuse_unknown_agent(v_me.org_id, p_agent);
        END IF;
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%s cannot act as %s', concat_ws(' ', v_me.kind, v_me.agent), v_agent.name),
            DETAIL  = 'An agent acts as itself, a user as the agents of the user, an application as any of its '
                      'organisation.',
            HINT    = 'Leave the agent out, or log in as it.';
    END IF;
    IF v_agent.status IN ('suspended', 'archived') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('agent %s is %s', v_agent.name, v_agent.status),
            HINT    = 'Set its status to active first.';
    END IF;
    agent_id := v_agent.id;
    agent    := v_agent.name;
END;
$_actor$;

COMMENT ON FUNCTION agentry._actor(text) IS
    'The agent that whoever is asking may act as, by default itself; for functions that act.';
