-- current_readers() -> uuid[]
-- The ids under which whoever is asking reads rows: those of the agent, of its user, team and organisation; NULL is
-- nobody.  In a policy write (SELECT agentry.current_readers()): then it runs once a statement.
CREATE OR REPLACE FUNCTION agentry.current_readers()
RETURNS uuid[]
LANGUAGE plpgsql
STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $current_readers$
DECLARE
    v_me record := agentry._me();
BEGIN
    RETURN CASE WHEN v_me.org_id IS NOT NULL
                THEN array_remove(ARRAY[v_me.agent_id, v_me.user_id, v_me.team_id, v_me.org_id], NULL) END;
END;
$current_readers$;

COMMENT ON FUNCTION agentry.current_readers() IS
    'The ids under which whoever is asking reads rows: of the agent, of its user, team and organisation; NULL is '
    'nobody.';
