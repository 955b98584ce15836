-- withdraw_evidence(view, kind, id) -> boolean
-- Takes back what add_evidence() said of something and a view; returns whether there was anything.  For whoever may say
-- it.
-- Raises undefined_object, insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry_memory.withdraw_evidence(p_view uuid, p_kind text, p_id uuid)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $withdraw_evidence$
DECLARE
    v_me    record := agentry_memory._reading_as(NULL);
    v_view  record;
    v_other boolean;
BEGIN
    v_view := agentry_memory._lock_view(v_me.kind, v_me.org_id, v_me.agent_id, v_me.readers, v_me.sees_all, p_view);
    IF NOT v_view.is_own THEN
        SELECT bool_or(v_me.kind = 'reader' OR (l.agent_id = v_me.agent_id) IS NOT TRUE)
        INTO v_other
        FROM agentry_memory.memory_links AS l
        WHERE l.org_id = v_me.org_id
          AND l.from_kind = p_kind
          AND l.from_id = p_id
          AND l.relation IN ('supports', 'contradicts')
          AND l.to_kind = 'view'
          AND l.to_id = p_view
          AND (v_me.sees_all OR l.readers && v_me.readers);
        IF v_other IS NULL THEN
            RETURN false;
        ELSIF v_other THEN
            RAISE EXCEPTION USING
                ERRCODE = 'insufficient_privilege',
                MESSAGE = format('neither view %s nor %s %s is yours', p_view, p_kind, p_id),
                HINT    = 'Ask one of the agents whose they are, or an application.';
        END IF;
    END IF;
    DELETE FROM agentry_memory.memory_links AS l
    WHERE l.org_id = v_me.org_id
      AND l.from_kind = p_kind
      AND l.from_id = p_id
      AND l.relation IN ('supports', 'contradicts')
      AND l.to_kind = 'view'
      AND l.to_id = p_view;
    RETURN FOUND;
END;
$withdraw_evidence$;

COMMENT ON FUNCTION agentry_memory.withdraw_evidence(uuid, text, uuid) IS
    'Takes back what add_evidence() said of something (kind, id) and a view, and returns whether there was anything.  '
    'For whose the view is, or the evidence.  Raises undefined_object, insufficient_privilege.';
