-- _caller() -> kind, org_id, agent_id, agent, user_id, team_id, road: who is asking; nobody is refused
-- Unlike _me(), it also looks for a restricted operation where the frame is the acting role's own: when the owner runs
-- ANALYZE, so is that of our SECURITY DEFINER functions, whoever's index expression called them.
-- Raises invalid_authorization_specification.
CREATE OR REPLACE FUNCTION agentry._caller(
    OUT kind     text,
    OUT org_id   uuid,
    OUT agent_id uuid,
    OUT agent    text,
    OUT user_id  uuid,
    OUT team_id  uuid,
    OUT road     text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_caller$
DECLARE
    v_me record;
BEGIN
    v_me     := agentry._me();
    kind     := v_me.kind;
    org_id   := v_me.org_id;
    agent_id := v_me.agent_id;
    agent    := v_me.agent;
    user_id  := v_me.user_id;
    team_id  := v_me.team_id;
    road     := v_me.road;
    IF org_id IS NULL OR current_user = agentry._acting_role() AND agentry._is_restricted() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_authorization_specification',
            MESSAGE = 'the database does not know who you are',
            DETAIL  = format('Role %s is no agent, no service and no administrator here, and no valid session is '
                             'bound.', agentry._acting_role()),
            HINT    = 'Bind a session: SELECT agentry.use_session(agentry.login(key)).  Or let an administrator map '
                      'the role.';
    END IF;
END;
$_caller$;

COMMENT ON FUNCTION agentry._caller() IS 'Who is asking; nobody is refused.  For functions that act.';
