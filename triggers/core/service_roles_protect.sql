-- A role serves an organisation or is an agent, never both; neither is one that administrates.
CREATE OR REPLACE FUNCTION agentry._service_roles_protect()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_service_roles_protect$
BEGIN
    PERFORM agentry._check_db_role(NEW.db_role, 'a service');
    IF EXISTS (SELECT FROM agentry.agents AS a WHERE a.db_role = NEW.db_role) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('role %s is an agent', NEW.db_role),
            HINT    = 'Give the service a role of its own.';
    END IF;
    RETURN NEW;
END;
$_service_roles_protect$;

COMMENT ON FUNCTION agentry._service_roles_protect() IS
    'Keeps the roles of services apart from those of agents and administrators.';

-- install
CREATE OR REPLACE TRIGGER service_roles_protect
    BEFORE INSERT OR UPDATE ON agentry.service_roles
    FOR EACH ROW EXECUTE FUNCTION agentry._service_roles_protect();
