-- What no access rule may give away: names are for ever, and only administrators say which database role is which
-- agent.
CREATE OR REPLACE FUNCTION agentry._agents_protect()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_agents_protect$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.name <> OLD.name OR NEW.id <> OLD.id OR NEW.org_id <> OLD.org_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('name, id and organisation of agent %s cannot change', OLD.name),
            DETAIL  = format('got name: %L', NEW.name),
            HINT    = 'Give the agent an alias, or register a new agent.';
    END IF;
    IF EXISTS (SELECT
               FROM agentry.agent_aliases AS l
               WHERE l.org_id = NEW.org_id AND l.alias = NEW.name AND l.agent_id <> NEW.id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'unique_violation',
            MESSAGE = format('name %s is an alias of another agent', NEW.name),
            HINT    = 'Choose another name, or remove the alias.';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.db_role IS NOT DISTINCT FROM OLD.db_role
       OR TG_OP = 'INSERT' AND NEW.db_role IS NULL THEN
        RETURN NEW;
    END IF;
    IF (SELECT m.kind FROM agentry._me() AS m) IS DISTINCT FROM 'admin' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'only administrators say which database role is an agent',
            DETAIL  = format('agent %s, role %s', NEW.name, NEW.db_role),
            HINT    = 'Ask an administrator of this database.';
    END IF;
    IF NEW.db_role IS NOT NULL THEN
        PERFORM agentry._check_db_role(NEW.db_role, 'agent ' || NEW.name);
        IF EXISTS (SELECT FROM agentry.service_roles AS s WHERE s.db_role = NEW.db_role) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('role %s serves a whole organisation', NEW.db_role),
                HINT    = 'Give the agent a role of its own.';
        END IF;
    END IF;
    RETURN NEW;
END;
$_agents_protect$;

COMMENT ON FUNCTION agentry._agents_protect() IS
    'Keeps names of agents for ever, and their database roles in the hands of administrators.';

-- install
CREATE OR REPLACE TRIGGER agents_protect
    BEFORE INSERT OR UPDATE ON agentry.agents
    FOR EACH ROW EXECUTE FUNCTION agentry._agents_protect();
