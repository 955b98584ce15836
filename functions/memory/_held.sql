-- _held(organisation) -> uuid[]: agents and users under a legal hold, and agents of such users
CREATE OR REPLACE FUNCTION agentry_memory._held(p_org_id uuid)
RETURNS uuid[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_held$
    SELECT ARRAY(
        SELECT h.subject_id
        FROM agentry.legal_holds AS h
        WHERE h.org_id = p_org_id AND h.lifted_at IS NULL
        UNION
        SELECT a.id
        FROM agentry.legal_holds AS h
        JOIN agentry.agents AS a ON a.org_id = h.org_id AND a.user_id = h.subject_id
        WHERE h.org_id = p_org_id AND h.lifted_at IS NULL)
$_held$;

COMMENT ON FUNCTION agentry_memory._held(uuid) IS
    'Agents and users of an organisation under a legal hold, and agents of such users.';
