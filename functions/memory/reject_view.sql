-- reject_view(view [, reason]) -> void
-- Says that a view of one's own does not hold.  One that was rejected already stays as it is.  Locks the view.
-- Raises undefined_object, insufficient_privilege, object_not_in_prerequisite_state, check_violation.
CREATE OR REPLACE FUNCTION agentry_memory.reject_view(p_view uuid, p_reason text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $reject_view$
DECLARE
    v_me     record := agentry_memory._reading_as(NULL);
    v_view   record;
    v_table  text;
    v_column text;
    v_rule   text;
    v_hint   text;
BEGIN
    v_view := agentry_memory._lock_view(v_me.kind, v_me.org_id, v_me.agent_id, v_me.readers, v_me.sees_all, p_view,
                                        p_own => true);
    IF v_view.status = 'promoted' THEN
        PERFORM agentry_memory._refuse_status(p_view, v_view.status,
            'What it became is held to be true no more after agentry_memory.deprecate_concept().');
    END IF;
    UPDATE agentry_memory.cognitive_views AS v
    SET status = 'rejected', reason = p_reason
    WHERE v.org_id = v_me.org_id AND v.id = p_view AND v.status <> 'rejected';
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry_memory', v_table, v_column, v_rule, v_hint, jsonb_build_object('reason', p_reason));
        RAISE;
END;
$reject_view$;

COMMENT ON FUNCTION agentry_memory.reject_view(uuid, text) IS
    'Says that a view of one''s own does not hold, and why; it is not recalled any more.  One that was rejected '
    'already stays as it is.  Raises undefined_object, insufficient_privilege, object_not_in_prerequisite_state, '
    'check_violation.';
