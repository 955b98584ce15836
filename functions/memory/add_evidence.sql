-- add_evidence(view, kind, id [, supports, note, weight]) -> boolean
-- Says that a memory (or another kind) supports a view, or contradicts it; whichever of the two was said before is
-- taken back.  For whose the view is, or the evidence, where they see both.  Returns whether it is new; what is there
-- gets note and weight.  Locks the evidence FOR KEY SHARE, then the view.
-- Raises invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state,
-- check_violation.
CREATE OR REPLACE FUNCTION agentry_memory.add_evidence(
    p_view     uuid,
    p_kind     text,
    p_id       uuid,
    p_supports boolean DEFAULT true,
    p_note     text    DEFAULT NULL,
    p_weight   float8  DEFAULT 1
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $add_evidence$
DECLARE
    v_me     record := agentry_memory._reading_as(NULL);
    v_end    record := agentry_memory._link_end(v_me.org_id, p_kind, p_id);
    v_view   record;
    v_new    boolean;
    v_table  text;
    v_column text;
    v_rule   text;
    v_hint   text;
BEGIN
    PERFORM agentry_memory._check_link_end(p_kind, p_id, v_end.is_there, v_end.readers, v_me.readers, v_me.sees_all);
    v_view := agentry_memory._lock_view(v_me.kind, v_me.org_id, v_me.agent_id, v_me.readers, v_me.sees_all, p_view);
    IF NOT v_view.is_own AND (v_me.kind = 'reader' OR (v_end.agent_id = v_me.agent_id) IS NOT TRUE) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('neither view %s nor %s %s is yours', p_view, p_kind, p_id),
            DETAIL  = 'An agent adds what it remembers itself to any view that it sees, and anything to its own.',
            HINT    = 'Ask one of the agents whose they are, or an application.';
    END IF;
    IF v_view.status <> 'active' THEN
        PERFORM agentry_memory._refuse_status(p_view, v_view.status,
            'Evidence is for views that are active; derive it anew.');
    END IF;
    IF p_supports IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'evidence supports a view or contradicts it',
            DETAIL  = 'got: NULL',
            HINT    = 'Pass true or false for p_supports; agentry_memory.withdraw_evidence() takes it back.';
    END IF;
    DELETE FROM agentry_memory.memory_links AS l
    WHERE l.org_id = v_me.org_id
      AND l.from_kind = p_kind
      AND l.from_id = p_id
      AND l.relation = CASE WHEN p_supports THEN 'contradicts' ELSE 'supports' END
      AND l.to_kind = 'view'
      AND l.to_id = p_view;
    INSERT INTO agentry_memory.memory_links AS l (org_id, from_kind, from_id, relation, to_kind, to_id, weight, note)
    VALUES (v_me.org_id, p_kind, p_id, CASE WHEN p_supports THEN 'supports' ELSE 'contradicts' END, 'view', p_view,
            coalesce(p_weight, 1), p_note)
    ON CONFLICT (org_id, from_kind, from_id, relation, to_kind, to_id) DO UPDATE
    SET weight = excluded.weight, note = excluded.note
    RETURNING l.xmax = 0 INTO v_new;
    RETURN v_new;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry_memory', v_table, v_column, v_rule, v_hint,
            jsonb_build_object('from_kind', p_kind, 'from_id', p_id, 'to_kind', 'view', 'to_id', p_view,
                               'weight', p_weight, 'note', p_note));
        RAISE;
END;
$add_evidence$;

COMMENT ON FUNCTION agentry_memory.add_evidence(uuid, text, uuid, boolean, text, float8) IS
    'Says that something (kind: memory, raw_memory, event, view, concept; id) supports a view [true] or contradicts '
    'it, in place of what was said of the two before, and returns whether that is new.  An agent adds what it '
    'remembers itself to any active view that it sees, and anything that it sees to its own.  note: why.  weight: how '
    'much it counts, 0 to 1.  Raises invalid_parameter_value, undefined_object, insufficient_privilege, '
    'object_not_in_prerequisite_state, check_violation.';
