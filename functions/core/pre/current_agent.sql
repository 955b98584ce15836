-- current_agent() -> text
-- Name of the agent that is asking; NULL when it is not an agent.  In a policy write (SELECT agentry.current_agent()):
-- then it runs once a statement.
CREATE OR REPLACE FUNCTION agentry.current_agent()
RETURNS text
LANGUAGE plpgsql
STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $current_agent$
BEGIN
    RETURN (agentry._me()).agent;
END;
$current_agent$;

COMMENT ON FUNCTION agentry.current_agent() IS 'Name of the agent that is asking; NULL when it is not an agent.';
