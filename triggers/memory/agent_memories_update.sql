-- Whom a changed memory is about has to be there, as for a new one.
CREATE OR REPLACE FUNCTION agentry_memory._agent_memories_update()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_agent_memories_update$
BEGIN
    PERFORM agentry_memory._check_related(
        r.org_id, array_agg(r.id) FILTER (WHERE r.kind = 'agent'), array_agg(r.id) FILTER (WHERE r.kind = 'user'))
    FROM (SELECT n.org_id, 'agent' AS kind, unnest(n.related_agents) AS id FROM new_rows AS n
          UNION
          SELECT n.org_id, 'user', unnest(n.related_users) FROM new_rows AS n
          EXCEPT
          (SELECT o.org_id, 'agent', unnest(o.related_agents) FROM old_rows AS o
           UNION
           SELECT o.org_id, 'user', unnest(o.related_users) FROM old_rows AS o)) AS r
    GROUP BY r.org_id;
    RETURN NULL;
END;
$_agent_memories_update$;

COMMENT ON FUNCTION agentry_memory._agent_memories_update() IS 'Checks whom changed memories are about.';

-- install
CREATE OR REPLACE TRIGGER agent_memories_update
    AFTER UPDATE ON agentry_memory.agent_memories
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._agent_memories_update();
