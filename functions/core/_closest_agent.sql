-- _closest_agent(organisation, name) -> text
-- The known name or alias that shares most trigrams; NULL where none is near.
CREATE OR REPLACE FUNCTION agentry._closest_agent(p_org_id uuid, p_name text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_closest_agent$
    WITH agent AS (
        -- a hint is for everyone, so it names only those whom everyone sees
        SELECT a.id, a.name
        FROM agentry.agents AS a
        WHERE a.org_id = p_org_id AND a.status IN ('active', 'inactive') AND a.scope = 'organisation'
    )
    SELECT agentry._closest(p_name, ARRAY(
        SELECT a.name FROM agent AS a
        UNION ALL
        SELECT l.alias FROM agentry.agent_aliases AS l JOIN agent AS a ON a.id = l.agent_id WHERE l.org_id = p_org_id))
$_closest_agent$;

COMMENT ON FUNCTION agentry._closest_agent(uuid, text) IS
    'The known agent''s name or alias closest to a mistyped one; NULL where none is near.';
