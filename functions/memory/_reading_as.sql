-- _reading_as([agent]) -> kind, org_id, agent_id, agent, readers, sees_all
-- For functions that read or link: what whoever is asking may see.  With an agent: what that agent sees.  Without: what
-- the caller does, which for applications, readers and administrators is all of the organisation.
-- Raises what _actor() and _caller() raise.
CREATE OR REPLACE FUNCTION agentry_memory._reading_as(
    p_agent      text,
    OUT kind     text,
    OUT org_id   uuid,
    OUT agent_id uuid,
    OUT agent    text,
    OUT readers  uuid[],
    OUT sees_all boolean
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_reading_as$
DECLARE
    v_me record;
BEGIN
    IF p_agent IS NULL THEN
        v_me := agentry._caller();
        SELECT v_me.kind, v_me.org_id, v_me.agent_id, v_me.agent,
               array_remove(ARRAY[v_me.agent_id, v_me.user_id, v_me.team_id, v_me.org_id], NULL),
               v_me.kind IN ('app', 'reader', 'admin')
        INTO kind, org_id, agent_id, agent, readers, sees_all;
    ELSE
        v_me := agentry._actor(p_agent);
        SELECT v_me.kind, v_me.org_id, a.id, a.name,
               array_remove(ARRAY[a.id, a.user_id, coalesce(a.team_id, u.team_id), a.org_id], NULL), false
        INTO kind, org_id, agent_id, agent, readers, sees_all
        FROM agentry.agents AS a
        LEFT JOIN agentry.users AS u ON u.org_id = a.org_id AND u.id = a.user_id
        WHERE a.org_id = v_me.org_id AND a.id = v_me.agent_id;
    END IF;
END;
$_reading_as$;

COMMENT ON FUNCTION agentry_memory._reading_as(text) IS
    'What whoever is asking may see: what an agent sees, where one is given.';
