-- create_organization(name) -> id
-- Makes an organisation.  For administrators.  Raises insufficient_privilege, unique_violation, check_violation.
CREATE OR REPLACE FUNCTION agentry.create_organization(p_name text)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $create_organization$
DECLARE
    v_id     uuid;
    v_table  text;
    v_column text;
    v_rule   text;
    v_hint   text;
BEGIN
    INSERT INTO agentry.organizations (name) VALUES (p_name) RETURNING id INTO v_id;
    RETURN v_id;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry', v_table, v_column, v_rule, v_hint, jsonb_build_object('name', p_name));
        RAISE;
END;
$create_organization$;

COMMENT ON FUNCTION agentry.create_organization(text) IS
    'Makes an organisation and returns its id.  For administrators.  Raises insufficient_privilege, unique_violation, '
    'check_violation.';
