-- _caller() -> kind, org_id, agent_id, agent, user_id, team_id, road: who is asking; nobody is refused
-- Unlike _me(), it looks for a restricted operation whatever the frame: when the owner runs ANALYZE, the frame of our
-- SECURITY DEFINER functions is the acting role's own, whoever's index expression called them.
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
    v_who record := agentry._identity();
BEGIN
    IF v_who.org_id IS NULL OR agentry._is_restricted() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_authorization_specification',
            MESSAGE = 'the database does not know who you are',
            DETAIL  = format('Role %s is no agent, no service and no administrator here, and no valid session is '
                             'bound.', agentry._acting_role()),
            HINT    = 'Bind a session: SELECT agentry.use_session(agentry.login(key)).  Or let an administrator map '
                      'the role.';
    END IF;
    kind     := v_who.kind;
    org_id   := v_who.org_id;
    agent_id := v_who.agent_id;
    agent    := v_who.agent;
    user_id  := v_who.user_id;
    team_id  := v_who.team_id;
    road     := v_who.road;
END;
$_caller$;

COMMENT ON FUNCTION agentry._caller() IS 'Who is asking; nobody is refused.  For functions that act.';
