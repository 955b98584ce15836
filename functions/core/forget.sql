-- forget(subject) -> receipt
-- Erases an agent (by name) or a user (user:NAME) from every table that agentry.personal_data knows, its archive too,
-- and from the images of the audit log; over locks and immutability, on record.  What the chain of the audit holds are
-- ids, which then name nobody.  All or nothing.  Locks the subject first: what it is doing ends before, and nothing new
-- begins.  For applications and administrators.
-- Raises insufficient_privilege, undefined_object, object_not_in_prerequisite_state (a legal hold, or a table that is
-- not the owner's).
CREATE OR REPLACE FUNCTION agentry.forget(p_subject text)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $forget$
DECLARE
    v_me      record := agentry._caller();
    v_subject jsonb;
    v_hold    text;
    v_receipt uuid;
    v_row     record;
    v_done    bigint;
    v_counts  jsonb := '{}';
BEGIN
    IF v_me.kind NOT IN ('app', 'admin') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'only applications and administrators make the database forget',
            DETAIL  = format('You are %s.', concat_ws(' ', v_me.kind, v_me.agent)),
            HINT    = 'Ask one of them.';
    END IF;
    v_subject := agentry._subject(v_me.org_id, p_subject);
    PERFORM FROM agentry.users AS u
    WHERE u.org_id = v_me.org_id AND u.id = (v_subject ->> 'user_id')::uuid FOR UPDATE;
    PERFORM FROM agentry.agents AS a
    WHERE a.org_id = v_me.org_id AND a.id = (v_subject ->> 'agent_id')::uuid FOR UPDATE;
    -- somebody may have forgotten it while this waited
    v_subject := agentry._subject(v_me.org_id, p_subject);
    SELECT h.reason
    INTO v_hold
    FROM agentry.legal_holds AS h
    WHERE h.org_id = v_me.org_id
      AND h.kind = v_subject ->> 'kind'
      AND h.subject_id = (v_subject ->> 'subject_id')::uuid
      AND h.lifted_at IS NULL
    LIMIT 1;
    IF v_hold IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is under a legal hold', p_subject),
            DETAIL  = format('Reason: %s', v_hold),
            HINT    = 'Lift it first: agentry.lift_legal_hold().';
    END IF;

    PERFORM agentry._check_reach();
    v_receipt := agentry._open_way('forget', v_me.org_id, v_subject);
    FOR v_row IN
        SELECT d.table_name, t.part, d.column_name, d.erase_action, d.erase_function, d."order",
               agentry._subject_condition(t.part, d.column_name, v_subject ->> d.subject) AS condition,
               v_subject ->> d.subject AS value
        FROM agentry.personal_data AS d
        CROSS JOIN LATERAL agentry._with_archive(d.table_name) AS t (part)
        WHERE v_subject ? d.subject
          AND d.erase_action <> 'keep'
          AND (d.erase_action <> 'function' OR t.part = d.table_name)
          AND agentry._column_type(t.part, d.column_name) IS NOT NULL
        ORDER BY d."order", d.table_name::text COLLATE "C", d.column_name, t.part::text COLLATE "C"
    LOOP
        IF v_row.erase_action = 'delete' THEN
            EXECUTE format('DELETE FROM %s WHERE org_id = $1 AND %s', v_row.part, v_row.condition)
            USING v_me.org_id;
            GET DIAGNOSTICS v_done = ROW_COUNT;
        ELSIF v_row.erase_action = 'clear' THEN
            EXECUTE format('UPDATE %s SET %I = %s WHERE org_id = $1 AND %s', v_row.part, v_row.column_name,
                           CASE agentry._column_type(v_row.part, v_row.column_name)
                               WHEN 'text[]'::regtype THEN
                                   -- no agent can be called so
                                   format('array_replace(%I, %L, ''*forgotten*'')',
                                          v_row.column_name, v_row.value)
                               WHEN 'uuid[]'::regtype THEN
                                   format('array_remove(%I, %L)', v_row.column_name, v_row.value)
                               ELSE 'NULL' END,
                           v_row.condition)
            USING v_me.org_id;
            GET DIAGNOSTICS v_done = ROW_COUNT;
        ELSE
            EXECUTE format('SELECT %s($1, $2)', v_row.erase_function::regprocedure::regproc) INTO v_done
            USING v_me.org_id, v_subject;
        END IF;
        IF v_done > 0 THEN
            v_counts := v_counts || jsonb_build_object(
                v_row.part::text, coalesce((v_counts ->> v_row.part::text)::bigint, 0) + v_done);
        END IF;
    END LOOP;
    v_done := agentry._forget_images(v_me.org_id, v_subject);
    PERFORM agentry._close_way(v_receipt, v_counts || jsonb_build_object('agentry.audit_images', v_done));
    RETURN v_receipt;
END;
$forget$;

COMMENT ON FUNCTION agentry.forget(text) IS
    'Erases an agent (by name) or a user (user:NAME) wherever agentry.personal_data says, in the archive and the '
    'images of the audit log too, and returns the id of the receipt (agentry.erasures), which holds counts and no '
    'content.  Check it with agentry.verify_forgotten().  For applications and administrators.  Raises '
    'insufficient_privilege, undefined_object, object_not_in_prerequisite_state.';
