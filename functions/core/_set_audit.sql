-- _set_audit(table, organisation column): lets every change of a table be written into the audit log
-- Raises object_not_in_prerequisite_state for a table without primary key.
CREATE OR REPLACE FUNCTION agentry._set_audit(p_table regclass, p_org_column text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_set_audit$
DECLARE
    v_keys  text[];
    v_event record;
BEGIN
    SELECT array_agg(a.attname ORDER BY a.attnum)
    INTO v_keys
    FROM pg_index AS i
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = p_table AND i.indisprimary;
    IF v_keys IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('table %s has no primary key', p_table),
            HINT    = 'An audited table needs one: entries name rows by it.';
    END IF;
    FOR v_event IN VALUES
        ('INSERT', 'REFERENCING NEW TABLE AS new_rows'),
        ('UPDATE', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'),
        ('DELETE', 'REFERENCING OLD TABLE AS old_rows'),
        ('TRUNCATE', '')
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER agentry_90_audit_%s AFTER %s ON %s %s FOR EACH STATEMENT '
                       'EXECUTE FUNCTION agentry._audit(%L, %L)',
                       lower(v_event.column1), v_event.column1, p_table, v_event.column2, p_org_column, v_keys);
    END LOOP;
END;
$_set_audit$;

COMMENT ON FUNCTION agentry._set_audit(regclass, text) IS 'Lets every change of a table be written into the audit log.';
