-- _reflection_key(organisation, agent) -> bigint: the advisory lock of an agent's reflections
CREATE OR REPLACE FUNCTION agentry_memory._reflection_key(p_org_id uuid, p_agent_id uuid)
RETURNS bigint
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_reflection_key$
    SELECT hashtextextended('agentry_memory.reflection', agentry_memory._owner_seed(p_org_id, p_agent_id))
$_reflection_key$;

COMMENT ON FUNCTION agentry_memory._reflection_key(uuid, uuid) IS 'The advisory lock of an agent''s reflections.';
