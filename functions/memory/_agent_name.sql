-- _agent_name(id) -> text: the name of an agent that the caller sees; NULL for NULL
-- Raises undefined_object.
CREATE OR REPLACE FUNCTION agentry_memory._agent_name(p_id uuid)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_agent_name$
DECLARE
    v_name text;
BEGIN
    SELECT a.name INTO v_name FROM agentry.agents AS a WHERE a.org_id = agentry.current_org_id() AND a.id = p_id;
    IF v_name IS NULL AND p_id IS NOT NULL THEN
        PERFORM agentry._refuse_unknown_agent(agentry.current_org_id(), p_id::text);
    END IF;
    RETURN v_name;
END;
$_agent_name$;

COMMENT ON FUNCTION agentry_memory._agent_name(uuid) IS 'The name of an agent that the caller sees.';
