-- create_organization(name) -> id
-- Makes an organisation.  For administrators.  Raises insufficient_privilege, unique_violation, check_violation.
CREATE OR REPLACE FUNCTION agentry.create_organization(p_name text)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $create_organization$
DECLARE
    v_id uuid;
BEGIN
    INSERT INTO agentry.organizations (name) VALUES (p_name) RETURNING id INTO v_id;
    RETURN v_id;
END;
$create_organization$;

COMMENT ON FUNCTION agentry.create_organization(text) IS
    'Makes an organisation and returns its id.  For administrators.  Raises insufficient_privilege, unique_violation, '
    'check_violation.';
