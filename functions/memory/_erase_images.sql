-- _erase_images(organisation, memory_id) -> bigint
-- Erases the images that the audit log has of a raw memory and of its events; returns how many entries had any.  Of
-- what is not sealed yet, the digests stay in the entry.  To be called within agentry._open_way().
CREATE OR REPLACE FUNCTION agentry_memory._erase_images(p_org_id uuid, p_memory_id uuid)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_erase_images$
DECLARE
    v_count bigint;
    v_done  bigint;
BEGIN
    UPDATE agentry.audit_log AS l
    SET old_digest = agentry._audit_digest(l.old_row), old_row = NULL,
        new_digest = agentry._audit_digest(l.new_row), new_row = NULL
    WHERE l.org_id = p_org_id
      AND l.position IS NULL
      AND CASE l.table_name
              WHEN 'agentry_memory.raw_memories' THEN l.row_key ->> 'memory_id' = p_memory_id::text
              WHEN 'agentry_memory.event_memories'
                  THEN p_memory_id::text IN (l.old_row ->> 'memory_id', l.new_row ->> 'memory_id')
              ELSE false END;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    DELETE FROM agentry.audit_images AS i
    USING agentry.audit_log AS l
    WHERE i.org_id = p_org_id
      AND l.org_id = i.org_id
      AND l.id = i.audit_id
      -- sealed ones have an index
      AND (l.position IS NULL
           OR l.position IS NOT NULL
              AND l.table_name IN ('agentry_memory.raw_memories', 'agentry_memory.event_memories'))
      -- the key of a memory tells its id without its text
      AND CASE l.table_name
              WHEN 'agentry_memory.raw_memories' THEN l.row_key ->> 'memory_id' = p_memory_id::text
              WHEN 'agentry_memory.event_memories'
                  THEN p_memory_id::text IN (i.old_row ->> 'memory_id', i.new_row ->> 'memory_id')
              ELSE false END;
    GET DIAGNOSTICS v_done = ROW_COUNT;
    RETURN v_count + v_done;
END;
$_erase_images$;

COMMENT ON FUNCTION agentry_memory._erase_images(uuid, uuid) IS
    'Erases the images that the audit log has of a raw memory and of its events.';
