-- current_team_id() -> uuid
-- Id of the team of the agent or user that is asking; NULL when there is none.  In a policy write (SELECT
-- agentry.current_team_id()): then it runs once a statement.
CREATE OR REPLACE FUNCTION agentry.current_team_id()
RETURNS uuid
LANGUAGE plpgsql
STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $current_team_id$
BEGIN
    RETURN (agentry._me()).team_id;
END;
$current_team_id$;

COMMENT ON FUNCTION agentry.current_team_id() IS
    'Id of the team of the agent or user that is asking; NULL when there is none.';
