-- _check_db_role(role, for): a role that stands for somebody exists, is no group and administrates nothing
-- Raises undefined_object, invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry._check_db_role(p_role name, p_for text)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_check_db_role$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = p_role) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('role %s does not exist', p_role),
            DETAIL  = format('for %s', p_for),
            HINT    = 'Make it first: CREATE ROLE ... LOGIN IN ROLE agentry_agent (an agent) or agentry_app '
                      '(a service).';
    END IF;
    IF agentry._is_owner(p_role) OR p_role IN ('agentry_app', 'agentry_agent', 'agentry_reader') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('role %s cannot stand for %s', p_role, p_for),
            DETAIL  = 'It is a group role of agentry or an administrator of this database.',
            HINT    = 'Make a role of its own.';
    END IF;
END;
$_check_db_role$;

COMMENT ON FUNCTION agentry._check_db_role(name, text) IS
    'Refuses database roles that cannot stand for an agent or a service.';
