-- current_agent_id() -> uuid
-- Id of the agent that is asking; NULL when it is not an agent.  In a policy write (SELECT agentry.current_agent_id()):
-- then it runs once a statement.
CREATE OR REPLACE FUNCTION agentry.current_agent_id()
RETURNS uuid
LANGUAGE plpgsql
STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $current_agent_id$
BEGIN
    RETURN (agentry._me()).agent_id;
END;
$current_agent_id$;

COMMENT ON FUNCTION agentry.current_agent_id() IS 'Id of the agent that is asking; NULL when it is not an agent.';
