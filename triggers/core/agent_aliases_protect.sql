-- An alias never hides an agent's own name.
CREATE OR REPLACE FUNCTION agentry._agent_aliases_protect()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_agent_aliases_protect$
BEGIN
    IF EXISTS (SELECT FROM agentry.agents AS a WHERE a.org_id = NEW.org_id AND a.name = NEW.alias) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'unique_violation',
            MESSAGE = format('alias %s is the name of an agent', NEW.alias),
            HINT    = 'Choose another alias.';
    END IF;
    RETURN NEW;
END;
$_agent_aliases_protect$;

COMMENT ON FUNCTION agentry._agent_aliases_protect() IS 'Refuses an alias that is the name of an agent.';

-- install
CREATE OR REPLACE TRIGGER agent_aliases_protect
    BEFORE INSERT OR UPDATE ON agentry.agent_aliases
    FOR EACH ROW EXECUTE FUNCTION agentry._agent_aliases_protect();
