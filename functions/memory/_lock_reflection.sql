-- _lock_reflection(organisation, agent): from here on nobody else reflects for the agent, until the transaction ends
CREATE OR REPLACE FUNCTION agentry_memory._lock_reflection(p_org_id uuid, p_agent_id uuid)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_lock_reflection$
BEGIN
    PERFORM pg_advisory_xact_lock(agentry_memory._reflection_key(p_org_id, p_agent_id));
END;
$_lock_reflection$;

COMMENT ON FUNCTION agentry_memory._lock_reflection(uuid, uuid) IS
    'Lets one transaction at a time reflect for an agent.';
