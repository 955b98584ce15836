-- _me() -> kind, org_id, agent_id, agent, user_id, team_id, road
-- Who is asking.  In a frame that is neither the acting role's own nor the owner's (somebody's SECURITY DEFINER
-- function, an index expression under ANALYZE) the session may be a stranger to the code: nobody, where PostgreSQL
-- restricts it.
CREATE OR REPLACE FUNCTION agentry._me(
    OUT kind     text,
    OUT org_id   uuid,
    OUT agent_id uuid,
    OUT agent    text,
    OUT user_id  uuid,
    OUT team_id  uuid,
    OUT road     text
)
LANGUAGE plpgsql
STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $_me$
DECLARE
    v_who record;
BEGIN
    -- spelled out, not called, as what follows is on the way of every policy: assignments cost less than queries
    IF current_user <> (CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END)
       AND agentry._is_restricted() THEN
        RETURN;
    END IF;
    v_who    := agentry._identity();
    kind     := v_who.kind;
    org_id   := v_who.org_id;
    agent_id := v_who.agent_id;
    agent    := v_who.agent;
    user_id  := v_who.user_id;
    team_id  := v_who.team_id;
    road     := v_who.road;
END;
$_me$;

COMMENT ON FUNCTION agentry._me() IS 'Who is asking; all NULL is nobody.';
