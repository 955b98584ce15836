-- delete_organization(name) -> receipt
-- Removes an organisation with every row of every module, over locks and immutability, on record in the default
-- organisation, which itself cannot go.  Locks the organisation first.  For administrators.
-- Raises insufficient_privilege, undefined_object, object_not_in_prerequisite_state (default, or a legal hold).
CREATE OR REPLACE FUNCTION agentry.delete_organization(p_name text)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $delete_organization$
DECLARE
    v_org     record;
    v_receipt uuid;
    v_all     regclass[];
    v_tables  regclass[];
    v_waiting regclass[];
    v_table   regclass;
    v_done    bigint;
    v_gone    bigint;
    v_counts  jsonb := '{}';
BEGIN
    IF (agentry._caller()).kind <> 'admin' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'only administrators delete organisations',
            DETAIL  = format('You are %s.', concat_ws(' ', (agentry._caller()).kind, (agentry._caller()).agent)),
            HINT    = 'Ask an administrator of this database.';
    END IF;
    SELECT o.id, o.is_default INTO v_org FROM agentry.organizations AS o WHERE o.name = p_name FOR UPDATE;
    IF v_org.id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('organisation %s does not exist', coalesce(quote_literal(p_name), 'NULL')),
            DETAIL  = 'Names of organisations are compared letter by letter.',
            HINT    = 'Organisations stand in agentry.organizations.';
    END IF;
    IF v_org.is_default
       OR EXISTS (SELECT FROM agentry.legal_holds AS h WHERE h.org_id = v_org.id AND h.lifted_at IS NULL) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('organisation %s cannot be deleted', p_name),
            DETAIL  = 'It is the default organisation, or something in it is under a legal hold.',
            HINT    = 'Lift the hold first; the default organisation stays.';
    END IF;

    v_receipt := agentry._open_way('organisation', NULL, jsonb_build_object('subject_id', v_org.id));
    -- the audit goes last, as deletions write it
    v_all := ARRAY(SELECT t.part
                   FROM agentry.guarded_tables AS g
                   CROSS JOIN LATERAL agentry._with_archive(g.table_name) AS t (part)
                   WHERE agentry._column_type(g.table_name, 'org_id') = 'uuid'::regtype
                     AND g.table_name NOT IN ('agentry.audit_log'::regclass, 'agentry.audit_images'::regclass)
                   ORDER BY t.part DESC)
             || 'agentry.organizations'::regclass;
    -- triggers of rows that go may write into tables that were emptied before, as those that count do: until a pass
    -- over all of them finds nothing
    LOOP
        v_gone := 0;
        v_tables := v_all;
        -- a table whose rows are still referred to waits for the next round
        WHILE v_tables <> '{}' LOOP
            v_waiting := '{}';
            FOREACH v_table IN ARRAY v_tables LOOP
                BEGIN
                    EXECUTE format('DELETE FROM %s WHERE %I = $1', v_table,
                                   CASE v_table WHEN 'agentry.organizations'::regclass THEN 'id' ELSE 'org_id' END)
                    USING v_org.id;
                    GET DIAGNOSTICS v_done = ROW_COUNT;
                    IF v_done > 0 THEN
                        v_gone := v_gone + v_done;
                        v_counts := v_counts || jsonb_build_object(
                            v_table::text, coalesce((v_counts ->> v_table::text)::bigint, 0) + v_done);
                    END IF;
                EXCEPTION
                    WHEN foreign_key_violation THEN
                        -- a round in which nothing went
                        IF v_waiting || v_table = v_tables THEN
                            RAISE;
                        END IF;
                        v_waiting := v_waiting || v_table;
                END;
            END LOOP;
            v_tables := v_waiting;
        END LOOP;
        EXIT WHEN v_gone = 0;
    END LOOP;
    DELETE FROM agentry.audit_images AS i WHERE i.org_id = v_org.id;
    DELETE FROM agentry.audit_log AS l WHERE l.org_id = v_org.id;
    PERFORM agentry._close_way(v_receipt, v_counts);
    RETURN v_receipt;
END;
$delete_organization$;

COMMENT ON FUNCTION agentry.delete_organization(text) IS
    'Removes an organisation with every row of every module and returns the id of the receipt, kept in the default '
    'organisation.  For administrators.  Raises insufficient_privilege, undefined_object, '
    'object_not_in_prerequisite_state.';
