-- _memory_access() -> id, access_count, last_accessed: use of those memories that the caller may read
CREATE OR REPLACE FUNCTION agentry_memory._memory_access()
RETURNS TABLE (id uuid, access_count integer, last_accessed timestamptz)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_memory_access$
DECLARE
    v_me record := agentry._me();
BEGIN
    RETURN QUERY
    SELECT e.row_id::uuid, a.access_count, a.last_accessed
    FROM agentry_memory.memory_sources AS s
    JOIN agentry_memory.memory_entries AS e ON e.org_id = v_me.org_id AND e.source_id = s.source_id
    JOIN agentry_memory.memory_access AS a ON a.org_id = e.org_id AND a.entry_id = e.id
    WHERE s.name = 'memory'
      AND (v_me.kind IN ('app', 'reader', 'admin')
           OR e.owner_id IN (v_me.agent_id, v_me.user_id, v_me.team_id, v_me.org_id));
END;
$_memory_access$;

COMMENT ON FUNCTION agentry_memory._memory_access() IS 'Use of those memories that the caller may read.';
