-- place_legal_hold(subject, reason) -> id
-- Keeps an agent (by name) or a user (user:NAME) from being forgotten.  For applications and administrators.
-- Raises insufficient_privilege, undefined_object, check_violation.
CREATE OR REPLACE FUNCTION agentry.place_legal_hold(p_subject text, p_reason text)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $place_legal_hold$
DECLARE
    v_org_id  uuid  := (agentry._caller()).org_id;
    v_subject jsonb := agentry._subject(v_org_id, p_subject);
    v_id      uuid;
    v_table   text;
    v_column  text;
    v_rule    text;
    v_hint    text;
BEGIN
    INSERT INTO agentry.legal_holds (org_id, kind, subject_id, reason, placed_at)
    VALUES (v_org_id, v_subject ->> 'kind', (v_subject ->> 'subject_id')::uuid,
            coalesce(p_reason, ''), agentry._clock())
    RETURNING id INTO v_id;
    RETURN v_id;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry', v_table, v_column, v_rule, v_hint, jsonb_build_object('reason', p_reason));
        RAISE;
END;
$place_legal_hold$;

COMMENT ON FUNCTION agentry.place_legal_hold(text, text) IS
    'Keeps an agent (by name) or a user (user:NAME) from being forgotten, and returns the id of the hold.  For '
    'applications and administrators.  Raises insufficient_privilege, undefined_object, '
    'check_violation (a blank reason).';
