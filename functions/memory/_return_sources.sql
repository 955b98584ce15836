-- _return_sources(organisation, consolidated memory, time) -> bigint
-- Brings back the sources of a consolidation that it archived, which is at its own time; what somebody has archived
-- otherwise, or since, stays so.  Returns how many.
CREATE OR REPLACE FUNCTION agentry_memory._return_sources(p_org_id uuid, p_memory_id uuid, p_at timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_return_sources$
DECLARE
    v_count bigint;
BEGIN
    UPDATE agentry_memory.agent_memories AS m
    SET archived_at = NULL
    FROM agentry_memory.memory_links AS l
    WHERE l.org_id = p_org_id
      AND l.from_kind = 'memory'
      AND l.from_id = p_memory_id
      AND l.relation IN ('summarises', 'derived_from')
      AND l.to_kind = 'memory'
      AND m.org_id = l.org_id
      AND m.id = l.to_id
      AND m.archived_at = p_at;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$_return_sources$;

COMMENT ON FUNCTION agentry_memory._return_sources(uuid, uuid, timestamptz) IS
    'Brings back the sources that a consolidation archived.';
