-- whoami() -> kind, organisation, org_id, agent, agent_id, user_id, team_id, road, role
-- Who the database takes the caller for.  One row always; all NULL but role is nobody.
CREATE OR REPLACE FUNCTION agentry.whoami(
    OUT kind         text,
    OUT organisation text,
    OUT org_id       uuid,
    OUT agent        text,
    OUT agent_id     uuid,
    OUT user_id      uuid,
    OUT team_id      uuid,
    OUT road         text,
    OUT role         name
)
LANGUAGE plpgsql
STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $whoami$
BEGIN
    SELECT m.kind, o.name, m.org_id, m.agent, m.agent_id, m.user_id, m.team_id, m.road
    INTO kind, organisation, org_id, agent, agent_id, user_id, team_id, road
    FROM agentry._me() AS m
    LEFT JOIN agentry.organizations AS o ON o.id = m.org_id;
    role := agentry._acting_role();
END;
$whoami$;

COMMENT ON FUNCTION agentry.whoami() IS
    'Who the database takes the caller for.  kind: agent, user, app, reader, admin or NULL (nobody).  road: session (a '
    'token bound by use_session), role (agents.db_role), service (service_roles), admin.  role: the role that SET ROLE '
    'chose, else the session user.  Always one row.';
