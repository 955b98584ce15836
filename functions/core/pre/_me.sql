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
BEGIN
    -- the acting role is spelled out, as this is on the way of every policy
    IF current_user <> (CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END)
       AND agentry._is_restricted() THEN
        RETURN;
    END IF;
    SELECT i.kind, i.org_id, i.agent_id, i.agent, i.user_id, i.team_id, i.road
    INTO kind, org_id, agent_id, agent, user_id, team_id, road
    FROM agentry._identity() AS i;
END;
$_me$;

COMMENT ON FUNCTION agentry._me() IS 'Who is asking; all NULL is nobody.';
