-- Both ends of a link are in its organisation, and stay until it is written; who sees the one that it starts from sees
-- the link.
CREATE OR REPLACE FUNCTION agentry_memory._memory_links_ends()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_memory_links_ends$
DECLARE
    v_from record := agentry_memory._link_end(NEW.org_id, NEW.from_kind, NEW.from_id);
    v_to   record := agentry_memory._link_end(NEW.org_id, NEW.to_kind, NEW.to_id);
BEGIN
    IF NOT (v_from.is_there AND v_to.is_there) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = 'one end of a link is not there',
            DETAIL  = format('%s %s, %s %s', NEW.from_kind, NEW.from_id, NEW.to_kind, NEW.to_id),
            HINT    = 'Both are in the organisation of the link.';
    END IF;
    NEW.agent_id := v_from.agent_id;
    NEW.user_id  := v_from.user_id;
    NEW.team_id  := v_from.team_id;
    NEW.scope    := v_from.scope;
    RETURN NEW;
END;
$_memory_links_ends$;

COMMENT ON FUNCTION agentry_memory._memory_links_ends() IS
    'Refuses links whose ends are not there, and lets those see them who see what they start from.';

-- install
CREATE OR REPLACE TRIGGER memory_links_ends
    BEFORE INSERT OR UPDATE ON agentry_memory.memory_links
    FOR EACH ROW EXECUTE FUNCTION agentry_memory._memory_links_ends();
