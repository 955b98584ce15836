-- _related_agents(names) -> uuid[]: agents that a memory is about, by name; whom the caller does not see is not there
-- Raises undefined_object with the closest name.
CREATE OR REPLACE FUNCTION agentry_memory._related_agents(p_names text[])
RETURNS uuid[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_related_agents$
DECLARE
    v_me   record;
    v_all  boolean;
    v_name text;
    v_id   uuid;
    v_ids  uuid[] := '{}';
BEGIN
    IF coalesce(p_names = '{}', true) THEN
        RETURN v_ids;
    END IF;
    v_me  := agentry._caller();
    v_all := agentry.sees_organisation();
    FOREACH v_name IN ARRAY p_names LOOP
        v_id := (agentry._resolve_agent(v_me.org_id, v_name)).id;
        IF NOT v_all AND NOT EXISTS (SELECT
                                     FROM agentry.agents AS a
                                     WHERE a.org_id = v_me.org_id
                                       AND a.id = v_id
                                       AND (a.readers && agentry.current_readers() OR a.user_id = v_me.user_id)) THEN
            PERFORM agentry._refuse_unknown_agent(v_me.org_id, v_name);
        END IF;
        v_ids := v_ids || v_id;
    END LOOP;
    RETURN ARRAY(SELECT DISTINCT i FROM unnest(v_ids) AS i);
END;
$_related_agents$;

COMMENT ON FUNCTION agentry_memory._related_agents(text[]) IS 'Ids of the agents that a memory is about.';
