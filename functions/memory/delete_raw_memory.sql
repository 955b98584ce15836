-- delete_raw_memory(memory_id) -> bigint
-- Deletes a raw memory with its events, in the archive too; returns how many events went with it.  The audit log keeps
-- their images (agentry_memory.redact_raw_memory() erases those); of the archive, that they went.  Locks the memory.
-- Raises undefined_object, insufficient_privilege, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory.delete_raw_memory(p_memory_id uuid)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $delete_raw_memory$
DECLARE
    v_org_id uuid := (agentry._caller()).org_id;
    v_memory record := agentry_memory._own_raw_memory(p_memory_id, 'FOR UPDATE');
    v_way    uuid;
    v_events jsonb;
BEGIN
    PERFORM agentry_memory._refuse_held(v_org_id, p_memory_id, v_memory.agent_id, v_memory.user_id);
    -- a retired month is not written but on this way
    v_way    := agentry._open_way('retention', v_org_id);
    v_events := agentry_memory._erase_rows(
        'agentry_memory.event_memories', v_org_id,
        format('memory_created_at = agentry.uuidv7_time(%1$L) AND memory_id = %1$L', p_memory_id));
    DELETE FROM agentry_memory.event_memory_keys AS k WHERE k.org_id = v_org_id AND k.memory_id = p_memory_id;
    -- of a retired month no trigger frees it
    DELETE FROM agentry_memory.raw_memory_keys AS k
    WHERE k.org_id = v_org_id
      AND k.owner_id = coalesce(v_memory.agent_id, v_memory.user_id, v_memory.team_id, v_org_id)
      AND k.idempotency_key = v_memory.key;
    PERFORM agentry._close_way(v_way, v_events || agentry_memory._erase_rows(
        'agentry_memory.raw_memories', v_org_id,
        format('created_at = agentry.uuidv7_time(%1$L) AND memory_id = %1$L', p_memory_id)));
    RETURN (SELECT coalesce(sum(e.value::bigint), 0) FROM jsonb_each_text(v_events) AS e);
END;
$delete_raw_memory$;

COMMENT ON FUNCTION agentry_memory.delete_raw_memory(uuid) IS
    'Deletes a raw memory with its events, in the archive too, and returns how many events went with it; on record in '
    'agentry.erasures.  Their images in the audit log stay: redact it first to erase those.  For the agent or user it '
    'belongs to, and applications.  Raises undefined_object, insufficient_privilege, object_not_in_prerequisite_state '
    '(a legal hold).';
