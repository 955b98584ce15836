-- verify_forgotten(receipt) -> table_name, rows
-- Counts what still names the subject of a receipt, in every table that agentry.personal_data knows and in the images
-- of the audit.  No row: nothing does.  Reads every such table.  For applications and administrators.
-- Raises insufficient_privilege, undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry.verify_forgotten(p_receipt uuid)
RETURNS TABLE (table_name text, rows bigint)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $verify_forgotten$
#variable_conflict use_column
DECLARE
    v_me      record := agentry._caller();
    v_receipt record;
    v_row     record;
BEGIN
    IF v_me.kind NOT IN ('app', 'admin') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'only applications and administrators check receipts',
            DETAIL  = format('You are %s.', concat_ws(' ', v_me.kind, v_me.agent)),
            HINT    = 'Ask one of them.';
    END IF;
    SELECT e.subject_id, e.subject_digest
    INTO v_receipt
    FROM agentry.erasures AS e
    WHERE e.org_id = v_me.org_id AND e.id = p_receipt AND e.kind = 'forget';
    IF v_receipt.subject_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('receipt %s does not exist', coalesce(p_receipt::text, 'NULL')),
            DETAIL  = 'No forgetting of your organisation has this id.',
            HINT    = 'agentry.forget() returns the id of a receipt; they stand in agentry.erasures.';
    END IF;
    PERFORM agentry._check_reach();
    FOR v_row IN
        SELECT t.part::text AS part,
               -- ids are compared, names by their digest: the receipt does not hold them
               CASE agentry._column_type(t.part, d.column_name)
                   WHEN 'uuid'::regtype THEN format('%I = $2', d.column_name)
                   WHEN 'uuid[]'::regtype THEN format('%I @> ARRAY[$2]', d.column_name)
                   WHEN 'text[]'::regtype THEN
                       format('EXISTS (SELECT FROM unnest(%I) AS n WHERE agentry._subject_digest(n) = $3)',
                              d.column_name)
                   ELSE format('agentry._subject_digest(%I) = $3', d.column_name)
               END AS condition
        FROM agentry.personal_data AS d
        CROSS JOIN LATERAL agentry._with_archive(d.table_name) AS t (part)
        WHERE d.erase_action NOT IN ('keep', 'none')
          AND agentry._column_type(t.part, 'org_id') = 'uuid'::regtype
          AND agentry._column_type(t.part, d.column_name) IS NOT NULL
        UNION ALL
        -- as deep as it may stand there
        SELECT a.part, 'to_jsonb($2::text) IN (SELECT jsonb_path_query(old_row, ''$.**'') '
                       'UNION ALL SELECT jsonb_path_query(new_row, ''$.**''))'
        FROM unnest('{agentry.audit_images,agentry.audit_log}'::text[]) AS a (part)
    LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE org_id = $1 AND %s', v_row.part, v_row.condition)
        INTO rows USING v_me.org_id, v_receipt.subject_id, v_receipt.subject_digest;
        IF rows > 0 THEN
            table_name := v_row.part;
            RETURN NEXT;
        END IF;
    END LOOP;
END;
$verify_forgotten$;

COMMENT ON FUNCTION agentry.verify_forgotten(uuid) IS
    'Counts, by table, the rows that still name the subject of a receipt; no row means that nothing does.  For '
    'applications and administrators.  Raises insufficient_privilege, undefined_object, '
    'object_not_in_prerequisite_state.';
