-- _identity() -> kind, org_id, agent_id, agent, user_id, team_id, road
-- Who the acting role or the bound session is, from the tables alone.  kind is agent, user, app, reader or admin; NULL
-- is nobody.  Callers use _me() or _actor(), which also refuse borrowed frames.
CREATE OR REPLACE FUNCTION agentry._identity(
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
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_identity$
DECLARE
    v_status text;
    v_active boolean;
BEGIN
    -- PL/pgSQL prepares each expression anew in each transaction, which costs more than most of them: a few statements
    -- that do much are quicker here than many that do little
    IF coalesce(current_setting('agentry.session', true), '') <> '' THEN
        -- road 1: a token; a wrong one makes nobody, whatever the role is
        SELECT k.org_id, k.agent_id, a.name, a.status, coalesce(k.user_id, a.user_id), coalesce(a.team_id, u.team_id),
               CASE WHEN k.agent_id IS NOT NULL THEN 'agent' WHEN k.user_id IS NOT NULL THEN 'user' ELSE 'app' END,
               k.user_id IS NULL OR u.is_active, 'session'
        INTO org_id, agent_id, agent, v_status, user_id, team_id, kind, v_active, road
        FROM agentry.login_sessions AS s
        JOIN agentry.api_keys AS k ON k.org_id = s.org_id AND k.id = s.api_key_id
        LEFT JOIN agentry.agents AS a ON a.org_id = k.org_id AND a.id = k.agent_id
        LEFT JOIN agentry.users AS u ON u.org_id = k.org_id AND u.id = coalesce(k.user_id, a.user_id)
        WHERE s.token_hash = sha256(convert_to(current_setting('agentry.session', true), 'UTF8'))
          AND s.ended_at IS NULL
          AND s.expires_at > agentry._clock()
          AND k.revoked_at IS NULL
          AND (k.expires_at IS NULL OR k.expires_at > agentry._clock());
    ELSE
        -- road 3: the role of a service, which is never an agent's
        SELECT s.org_id, 'service',
               CASE
                   WHEN pg_has_role(s.db_role, to_regrole('agentry_app'), 'MEMBER') THEN 'app'
                   WHEN pg_has_role(s.db_role, to_regrole('agentry_reader'), 'MEMBER') THEN 'reader'
               END
        INTO org_id, road, kind
        FROM agentry.service_roles AS s
        WHERE s.db_role = CASE current_setting('role') WHEN 'none' THEN session_user
                               ELSE current_setting('role')::name END;
        IF kind IS NULL THEN
            -- road 2: the role of an agent
            SELECT a.org_id, a.id, a.name, a.status, a.user_id, coalesce(a.team_id, u.team_id), 'agent', 'role'
            INTO org_id, agent_id, agent, v_status, user_id, team_id, kind, road
            FROM agentry.agents AS a
            LEFT JOIN agentry.users AS u ON u.org_id = a.org_id AND u.id = a.user_id
            WHERE a.db_role = CASE current_setting('role') WHEN 'none' THEN session_user
                                   ELSE current_setting('role')::name END;
        END IF;
        IF kind IS NULL THEN
            -- road 4: an administrator of this database
            SELECT 'admin', 'admin', o.id
            INTO kind, road, org_id
            FROM (SELECT agentry._is_owner(agentry._acting_role())) AS owner (yes)
            LEFT JOIN agentry.organizations AS o
                ON CASE
                       WHEN nullif(current_setting('agentry.org_id', true), '') IS NULL THEN o.is_default
                       ELSE o.id::text = current_setting('agentry.org_id', true)
                   END
            WHERE owner.yes;
        END IF;
    END IF;
    IF kind IS NULL OR v_active IS FALSE OR v_status IN ('suspended', 'archived') THEN
        SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
        INTO kind, org_id, agent_id, agent, user_id, team_id, road;
        RETURN;
    END IF;

    -- act_as(): taken up only by those who may; a forged setting gives nothing
    IF coalesce(current_setting('agentry.act_as', true), '') <> '' AND kind IN ('app', 'admin', 'user') THEN
        SELECT a.id, a.name, a.user_id, coalesce(a.team_id, u.team_id), 'agent'
        INTO agent_id, agent, user_id, team_id, kind
        FROM agentry.agents AS a
        LEFT JOIN agentry.users AS u ON u.org_id = a.org_id AND u.id = a.user_id
        WHERE a.org_id = _identity.org_id
          AND a.name = current_setting('agentry.act_as', true)
          AND a.status NOT IN ('suspended', 'archived')
          AND (_identity.kind <> 'user' OR a.user_id = _identity.user_id);
        IF kind IS NULL THEN
            SELECT NULL, NULL INTO org_id, road;
        END IF;
    END IF;
END;
$_identity$;

COMMENT ON FUNCTION agentry._identity() IS 'Who the acting role or the bound session is; use whoami().';
