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
    v_token  text := nullif(current_setting('agentry.session', true), '');
    v_act_as text := nullif(current_setting('agentry.act_as', true), '');
    v_role   name := CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;
    v_status text;
    v_active boolean;
BEGIN
    IF v_token IS NOT NULL THEN
        -- road 1: a token; a wrong one makes nobody, whatever the role is
        SELECT k.org_id, k.agent_id, a.name, a.status, coalesce(k.user_id, a.user_id), coalesce(a.team_id, u.team_id),
               CASE WHEN k.agent_id IS NOT NULL THEN 'agent' WHEN k.user_id IS NOT NULL THEN 'user' ELSE 'app' END,
               k.user_id IS NULL OR u.is_active
        INTO org_id, agent_id, agent, v_status, user_id, team_id, kind, v_active
        FROM agentry.login_sessions AS s
        JOIN agentry.api_keys AS k ON k.org_id = s.org_id AND k.id = s.api_key_id
        LEFT JOIN agentry.agents AS a ON a.org_id = k.org_id AND a.id = k.agent_id
        LEFT JOIN agentry.users AS u ON u.org_id = k.org_id AND u.id = coalesce(k.user_id, a.user_id)
        WHERE s.token_hash = sha256(convert_to(v_token, 'UTF8'))
          AND s.ended_at IS NULL
          AND s.expires_at > agentry._clock()
          AND k.revoked_at IS NULL
          AND (k.expires_at IS NULL OR k.expires_at > agentry._clock());
        road := 'session';
        IF kind IS NULL OR NOT v_active OR v_status IN ('suspended', 'archived') THEN
            SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL
            INTO kind, org_id, agent_id, agent, user_id, team_id, road;
            RETURN;
        END IF;
    ELSE
        -- road 2: the role of an agent
        SELECT a.org_id, a.id, a.name, a.status, a.user_id, coalesce(a.team_id, u.team_id)
        INTO org_id, agent_id, agent, v_status, user_id, team_id
        FROM agentry.agents AS a
        LEFT JOIN agentry.users AS u ON u.org_id = a.org_id AND u.id = a.user_id
        WHERE a.db_role = v_role;
        IF agent_id IS NOT NULL THEN
            IF v_status IN ('suspended', 'archived') THEN
                SELECT NULL, NULL, NULL, NULL, NULL
                INTO org_id, agent_id, agent, user_id, team_id;
                RETURN;
            END IF;
            kind := 'agent';
            road := 'role';
            RETURN;
        END IF;
        -- road 3: the role of a service
        SELECT s.org_id, CASE g.rolname WHEN 'agentry_app' THEN 'app' ELSE 'reader' END
        INTO org_id, kind
        FROM agentry.service_roles AS s
        JOIN pg_roles AS g ON g.rolname IN ('agentry_app', 'agentry_reader') AND pg_has_role(v_role, g.oid, 'MEMBER')
        WHERE s.db_role = v_role
        ORDER BY g.rolname
        LIMIT 1;
        IF kind IS NOT NULL THEN
            road := 'service';
        -- road 4: an administrator of this database
        ELSIF agentry._is_owner(v_role) THEN
            kind := 'admin';
            road := 'admin';
            SELECT o.id INTO org_id
            FROM agentry.organizations AS o
            WHERE CASE WHEN nullif(current_setting('agentry.org_id', true), '') IS NULL THEN o.is_default
                       ELSE o.id::text = current_setting('agentry.org_id', true) END;
        ELSE
            RETURN;
        END IF;
    END IF;

    -- act_as(): taken up only by those who may; a forged setting gives nothing
    IF v_act_as IS NOT NULL AND kind IN ('app', 'admin', 'user') THEN
        SELECT a.id, a.name, a.user_id, coalesce(a.team_id, u.team_id), 'agent'
        INTO agent_id, agent, user_id, team_id, kind
        FROM agentry.agents AS a
        LEFT JOIN agentry.users AS u ON u.org_id = a.org_id AND u.id = a.user_id
        WHERE a.org_id = _identity.org_id
          AND a.name = v_act_as
          AND a.status NOT IN ('suspended', 'archived')
          AND (_identity.kind <> 'user' OR a.user_id = _identity.user_id);
        IF kind IS NULL THEN
            SELECT NULL, NULL INTO org_id, road;
        END IF;
    END IF;
END;
$_identity$;

COMMENT ON FUNCTION agentry._identity() IS 'Who the acting role or the bound session is; use whoami().';
