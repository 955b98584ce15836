-- _lock_agents(organisation, names): keeps agents from being forgotten or renamed until this transaction ends
-- What a foreign key would do for each row, once for all of them; in the order of their names.
-- Raises serialization_failure where one has gone since it was looked up.
CREATE OR REPLACE FUNCTION agentry_chat._lock_agents(p_org_id uuid, p_names text[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_lock_agents$
DECLARE
    v_gone text[];
BEGIN
    v_gone := ARRAY(
        SELECT unnest(p_names)
        EXCEPT
        SELECT l.name
        FROM (SELECT a.name
              FROM agentry.agents AS a
              WHERE a.org_id = p_org_id AND a.name = ANY (p_names)
              ORDER BY a.name
              FOR KEY SHARE) AS l);
    IF v_gone <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'serialization_failure',
            MESSAGE = 'an agent went away at this moment',
            DETAIL  = format('gone: %s', array_to_string(v_gone, ', ')),
            HINT    = 'Try again.';
    END IF;
END;
$_lock_agents$;

COMMENT ON FUNCTION agentry_chat._lock_agents(uuid, text[]) IS
    'Locks agents FOR KEY SHARE, as a foreign key would.';
