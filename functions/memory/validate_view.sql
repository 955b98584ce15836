-- validate_view(view [, expires_in]) -> integer
-- Says that a view of one's own was found to hold: counts it, and gives it a new life.  Returns how often it was.
-- Locks the view.
-- Raises invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory.validate_view(p_view uuid, p_expires_in interval DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $validate_view$
DECLARE
    v_me    record   := agentry_memory._reading_as(NULL);
    v_life  interval := agentry_memory._view_life(v_me.org_id, p_expires_in);
    v_view  record;
    v_now   timestamptz;
    v_count integer;
BEGIN
    v_view := agentry_memory._lock_view(v_me.kind, v_me.org_id, v_me.agent_id, v_me.readers, v_me.sees_all, p_view,
                                        p_own => true);
    IF v_view.status <> 'active' THEN
        PERFORM agentry_memory._refuse_status(p_view, v_view.status,
            'A view is validated while it is active; derive it anew.');
    END IF;
    v_now := agentry._clock();
    UPDATE agentry_memory.cognitive_views AS v
    SET validation_count = v.validation_count + 1, last_validated_at = v_now,
        expires_at = greatest(v.expires_at, v_now + v_life)
    WHERE v.org_id = v_me.org_id AND v.id = p_view
    RETURNING v.validation_count INTO v_count;
    RETURN v_count;
END;
$validate_view$;

COMMENT ON FUNCTION agentry_memory.validate_view(uuid, interval) IS
    'Says that a view of one''s own was found to hold, and returns how often it was.  From then on it lives as long '
    'again: expires_in [the setting memory.view_life: 30 days], never shorter than it would have.  Raises '
    'invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state.';
