-- _app_agent(agent) -> org_id, agent_id, agent
-- The usual case of _actor(): the role of an application names an agent as it is kept, no session is bound and nobody
-- is acted as.  No row: ask _actor().  For queries of functions with the owner's rights, which inline it; they see to
-- it that the session tells whose code runs (_is_restricted()).
CREATE OR REPLACE FUNCTION agentry._app_agent(p_agent text)
RETURNS TABLE (org_id uuid, agent_id uuid, agent text)
LANGUAGE sql
STABLE PARALLEL RESTRICTED
ROWS 1
AS $_app_agent$
    SELECT a.org_id, a.id, a.name
    FROM agentry.agents AS a
    WHERE a.org_id OPERATOR(pg_catalog.=) (
              SELECT s.org_id
              FROM agentry.service_roles AS s
              WHERE s.db_role OPERATOR(pg_catalog.=)
                    CASE WHEN pg_catalog.current_setting('role') OPERATOR(pg_catalog.=) 'none' THEN session_user
                         ELSE pg_catalog.current_setting('role')::pg_catalog.name END
                AND pg_catalog.concat(pg_catalog.current_setting('agentry.session', true),
                                      pg_catalog.current_setting('agentry.act_as', true)) OPERATOR(pg_catalog.=) ''
                AND pg_catalog.pg_has_role(s.db_role, pg_catalog.to_regrole('agentry_app'), 'MEMBER'))
      AND a.name OPERATOR(pg_catalog.=) p_agent
      AND a.status OPERATOR(pg_catalog.=) ANY ('{active,inactive}')
$_app_agent$;

COMMENT ON FUNCTION agentry._app_agent(text) IS
    'The agent that an application''s role names, in the usual case; no row where that is for _actor() to find out.';
