-- _check_related(organisation, agents, users): whom memories are about has to be there, and stays until they are stored
-- What foreign keys would do: locks them FOR KEY SHARE, in the order of their ids; agents_in_memory and users_in_memory
-- keep the other side.
-- Raises foreign_key_violation.
CREATE OR REPLACE FUNCTION agentry_memory._check_related(p_org_id uuid, p_agents uuid[], p_users uuid[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_check_related$
DECLARE
    v_missing uuid[];
BEGIN
    v_missing := ARRAY(
        SELECT unnest(p_users)
        EXCEPT
        SELECT l.id
        FROM (SELECT u.id
              FROM agentry.users AS u
              WHERE u.org_id = p_org_id AND u.id = ANY (p_users)
              ORDER BY u.id
              FOR KEY SHARE) AS l)
        || ARRAY(
        SELECT unnest(p_agents)
        EXCEPT
        SELECT l.id
        FROM (SELECT a.id
              FROM agentry.agents AS a
              WHERE a.org_id = p_org_id AND a.id = ANY (p_agents)
              ORDER BY a.id
              FOR KEY SHARE) AS l);
    IF v_missing <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = 'a memory is about somebody who is not in its organisation',
            DETAIL  = format('not there: %s', array_to_string(v_missing, ', ')),
            HINT    = 'related_agents and related_users hold ids of agentry.agents and agentry.users.';
    END IF;
END;
$_check_related$;

COMMENT ON FUNCTION agentry_memory._check_related(uuid, uuid[], uuid[]) IS
    'Refuses memories about agents or users that are not there, and keeps the others until the transaction ends.';
