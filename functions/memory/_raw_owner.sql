-- _raw_owner(agent, user, team, scope) -> org_id, agent_id, user_id, team_id, scope
-- Whose raw memory the caller stores under these names: an agent its own, a user its own or one of its agents',
-- applications and administrators anybody's of their organisation.  Scope is the narrowest by default, and user and
-- team of a scope are those of the agent or user.
-- Raises insufficient_privilege, undefined_object, invalid_parameter_value, and what _caller() and _actor() raise.
CREATE OR REPLACE FUNCTION agentry_memory._raw_owner(
    p_agent      text,
    p_user       text,
    p_team       text,
    p_scope      text,
    OUT org_id   uuid,
    OUT agent_id uuid,
    OUT user_id  uuid,
    OUT team_id  uuid,
    OUT scope    text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_raw_owner$
DECLARE
    v_me      record  := agentry._caller();
    v_all     boolean := v_me.kind IN ('app', 'admin');
    v_user_id uuid;
    v_team_id uuid;
BEGIN
    IF v_me.kind = 'reader' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'readers store no memories',
            HINT    = 'Log in as an agent, a user or an application.';
    END IF;
    org_id := v_me.org_id;
    IF p_agent IS NOT NULL OR v_me.kind = 'agent' THEN
        agent_id := (agentry._actor(p_agent)).agent_id;
    END IF;
    IF p_user IS NOT NULL THEN
        -- whom the caller does not see is not there
        SELECT u.id
        INTO user_id
        FROM agentry.users AS u
        WHERE u.org_id = v_me.org_id
          AND (u.username = p_user OR lower(u.email) = lower(p_user))
          AND (v_all OR u.id = v_me.user_id OR u.team_id = v_me.team_id)
        ORDER BY u.username = p_user DESC
        LIMIT 1;
        IF user_id IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_object',
                MESSAGE = format('user %L does not exist', p_user),
                HINT    = 'Users stand in agentry.users; name one by user name or e-mail address.';
        END IF;
    ELSIF v_me.kind = 'user' AND agent_id IS NULL THEN
        user_id := v_me.user_id;
    END IF;
    IF p_team IS NOT NULL THEN
        SELECT t.id INTO team_id FROM agentry.teams AS t WHERE t.org_id = v_me.org_id AND t.name = p_team;
        IF team_id IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_object',
                MESSAGE = format('team %L does not exist', p_team),
                HINT    = 'Teams stand in agentry.teams.';
        END IF;
    END IF;

    scope := coalesce(p_scope, CASE WHEN agent_id IS NOT NULL THEN 'agent' WHEN user_id IS NOT NULL THEN 'user'
                                    WHEN team_id IS NOT NULL THEN 'team' END);
    -- the agent's own, or those of the user
    SELECT a.user_id, a.team_id
    INTO v_user_id, v_team_id
    FROM agentry.agents AS a
    WHERE a.org_id = v_me.org_id AND a.id = _raw_owner.agent_id;
    v_team_id := coalesce(v_team_id, (SELECT u.team_id
                                      FROM agentry.users AS u
                                      WHERE u.org_id = v_me.org_id AND u.id = coalesce(v_user_id, user_id)));
    IF scope = 'user' THEN
        user_id := coalesce(user_id, v_user_id);
    ELSIF scope = 'team' THEN
        team_id := coalesce(team_id, v_team_id);
    END IF;
    IF (CASE scope WHEN 'organisation' THEN false WHEN 'team' THEN team_id IS NULL WHEN 'user' THEN user_id IS NULL
                   WHEN 'agent' THEN agent_id IS NULL ELSE true END) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'it is not clear whose memory this is',
            DETAIL  = format('agent: %L, user: %L, team: %L, scope: %L', p_agent, p_user, p_team, p_scope),
            HINT    = 'Scope agent needs an agent, user a user, team a team; organisation needs none of them.';
    END IF;
    -- nobody writes into a team, or for a user, that is not its own
    IF NOT v_all
       AND (CASE scope WHEN 'user' THEN user_id IS DISTINCT FROM v_me.user_id
                       WHEN 'team' THEN team_id IS DISTINCT FROM v_me.team_id AND team_id IS DISTINCT FROM v_team_id
                       WHEN 'organisation' THEN agent_id IS NULL
                       ELSE false END) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%s stores no memory for this %s', concat_ws(' ', v_me.kind, v_me.agent), scope),
            DETAIL  = 'An agent or user stores memories for its own user and team.',
            HINT    = 'Leave user and team out, or choose a narrower scope.';
    END IF;
END;
$_raw_owner$;

COMMENT ON FUNCTION agentry_memory._raw_owner(text, text, text, text) IS
    'Whose raw memory the caller stores under these names.';
