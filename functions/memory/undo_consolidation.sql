-- undo_consolidation(memory) -> bigint
-- Takes back what consolidate() made of several memories of one's own: those that it archived come back, and the one
-- that it made is archived in their place.  Returns how many came back; what was undone already stays so.  Locks the
-- consolidation.
-- Raises undefined_object, insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry_memory.undo_consolidation(p_memory uuid)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $undo_consolidation$
DECLARE
    v_me      record := agentry_memory._reading_as(NULL);
    v_undone  record;
    v_count   bigint := 0;
BEGIN
    SELECT c.id, c.created_at, c.sources_archived, c.undone_at,
           v_me.kind IN ('app', 'admin') OR v_me.kind <> 'reader' AND c.agent_id IS NOT DISTINCT FROM v_me.agent_id
               AS is_own
    INTO v_undone
    FROM agentry_memory.memory_consolidations AS c
    JOIN agentry_memory.agent_memories AS m ON m.org_id = c.org_id AND m.id = c.consolidated_memory_id
    WHERE c.org_id = v_me.org_id
      AND c.consolidated_memory_id = p_memory
      AND (v_me.sees_all OR m.readers && v_me.readers)
    FOR NO KEY UPDATE OF c;
    IF v_undone.is_own IS NOT TRUE THEN
        RAISE EXCEPTION USING
            ERRCODE = CASE WHEN v_undone.is_own IS NULL THEN 'undefined_object' ELSE 'insufficient_privilege' END,
            MESSAGE = format('consolidation %s %s', coalesce(p_memory::text, 'NULL'),
                             CASE WHEN v_undone.is_own IS NULL THEN 'does not exist' ELSE 'is not yours' END),
            HINT    = CASE WHEN v_undone.is_own IS NULL
                           THEN 'Pass the id of the memory that agentry_memory.consolidate() made.'
                           ELSE 'Ask the agent whose it is, or an application.' END;
    END IF;
    IF v_undone.undone_at IS NULL THEN
        IF v_undone.sources_archived THEN
            v_count := agentry_memory._return_sources(v_me.org_id, p_memory, v_undone.created_at);
        END IF;
        UPDATE agentry_memory.agent_memories AS m
        SET archived_at = now()
        WHERE m.org_id = v_me.org_id AND m.id = p_memory AND m.archived_at IS NULL;
        UPDATE agentry_memory.memory_consolidations AS c
        SET undone_at = now()
        WHERE c.org_id = v_me.org_id AND c.id = v_undone.id;
    END IF;
    RETURN v_count;
END;
$undo_consolidation$;

COMMENT ON FUNCTION agentry_memory.undo_consolidation(uuid) IS
    'Takes back a consolidation, named by the memory that consolidate() made: the sources that it archived come back '
    '(they need new embeddings), and that memory is archived; returns how many came back.  What was undone already '
    'stays so.  Raises undefined_object, insufficient_privilege.';
