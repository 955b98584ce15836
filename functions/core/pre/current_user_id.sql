-- current_user_id() -> uuid
-- Id of the user who is asking, or who owns the agent that is; NULL when there is none.  In a policy write (SELECT
-- agentry.current_user_id()): then it runs once a statement.
CREATE OR REPLACE FUNCTION agentry.current_user_id()
RETURNS uuid
LANGUAGE plpgsql
STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $current_user_id$
BEGIN
    RETURN (agentry._me()).user_id;
END;
$current_user_id$;

COMMENT ON FUNCTION agentry.current_user_id() IS
    'Id of the user who is asking, or who owns the agent that is; NULL when there is none.';
