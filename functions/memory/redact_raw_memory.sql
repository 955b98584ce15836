-- redact_raw_memory(memory_id, reason) -> boolean
-- Takes the content of a raw memory away, in the archive too: text, ciphertext, metadata, what recall() has of it, the
-- events that were read out of it, as they say the same again, and the images of all these in the audit log.  The row
-- stays, with its time, owner, session and the reason; the erasure is on record.  False: it was redacted before.
-- Locks the memory; reads the audit log of its table.
-- Raises undefined_object, insufficient_privilege, invalid_parameter_value, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory.redact_raw_memory(p_memory_id uuid, p_reason text)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $redact_raw_memory$
DECLARE
    v_org_id uuid := (agentry._caller()).org_id;
    v_memory record;
    v_way    uuid;
    v_counts jsonb;
BEGIN
    IF coalesce(p_reason !~ '[^[:space:]]', true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a redaction needs a reason',
            DETAIL  = format('got: %L', p_reason),
            HINT    = 'Say why, without saying what.';
    END IF;
    v_memory := agentry_memory._own_raw_memory(p_memory_id, 'FOR UPDATE');
    IF v_memory.redacted_at IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM agentry_memory._refuse_held(v_org_id, p_memory_id, v_memory.agent_id, v_memory.user_id);

    v_way    := agentry._open_way('retention', v_org_id);
    v_counts := agentry_memory._erase_rows(
        'agentry_memory.event_memories', v_org_id,
        format('memory_created_at = agentry.uuidv7_time(%1$L) AND memory_id = %1$L', p_memory_id));
    DELETE FROM agentry_memory.event_memory_keys AS k WHERE k.org_id = v_org_id AND k.memory_id = p_memory_id;
    PERFORM agentry_memory._forget_rows(
        'agentry_memory.raw_memories', v_memory.part, v_org_id,
        format('created_at = agentry.uuidv7_time(%1$L) AND memory_id = %1$L', p_memory_id));
    EXECUTE format('UPDATE %s AS r SET content = NULL, encrypted = NULL, key_ref = NULL, metadata = ''{}'', '
                   'redacted_at = now(), redaction_reason = $4 '
                   'WHERE r.org_id = $1 AND r.created_at = $2 AND r.memory_id = $3', v_memory.part)
    USING v_org_id, v_memory.created_at, p_memory_id, p_reason;
    PERFORM agentry._close_way(v_way, v_counts || jsonb_build_object(
        v_memory.part::text, 1, 'agentry.audit_images', agentry_memory._erase_images(v_org_id, p_memory_id)));
    RETURN true;
END;
$redact_raw_memory$;

COMMENT ON FUNCTION agentry_memory.redact_raw_memory(uuid, text) IS
    'Takes the content of a raw memory away, in the archive too: text, ciphertext, metadata, its events, what recall() '
    'has of them, and their images in the audit log; the row stays, with the reason (which says why, not what).  On '
    'record in agentry.erasures.  For the agent or user it belongs to, and applications.  False: it was redacted '
    'before.  Raises undefined_object, insufficient_privilege, invalid_parameter_value, '
    'object_not_in_prerequisite_state (a legal hold).';
