-- What a new memory brings with it: whom it is about has to be there; its importance counts towards the next reflection
-- of its agent; and whoever listens is told.
CREATE OR REPLACE FUNCTION agentry_memory._agent_memories_insert()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_agent_memories_insert$
BEGIN
    PERFORM agentry_memory._check_related(
        r.org_id, array_agg(r.id) FILTER (WHERE r.kind = 'agent'), array_agg(r.id) FILTER (WHERE r.kind = 'user'))
    FROM (SELECT n.org_id, 'agent' AS kind, unnest(n.related_agents) AS id FROM new_rows AS n
          UNION
          SELECT n.org_id, 'user', unnest(n.related_users) FROM new_rows AS n) AS r
    GROUP BY r.org_id;

    -- what an agent thinks about its memories is not one more reason to think about them
    INSERT INTO agentry_memory.memory_importance (org_id, agent_id, importance, memories)
    SELECT n.org_id, n.agent_id, sum(n.importance::double precision), count(*)
    FROM new_rows AS n
    WHERE n.memory_type NOT IN ('reflection', 'metacognition')
    GROUP BY n.org_id, n.agent_id;

    PERFORM agentry_memory._announce_memories(n.org_id, n.agent_id, array_agg(n.id ORDER BY n.id))
    FROM new_rows AS n
    JOIN agentry.setting_types AS d ON d.name = 'memory.notify'
    LEFT JOIN agentry.settings AS s ON s.org_id = n.org_id AND s.name = d.name
    WHERE coalesce(s.value, d.default_value) = '"on"'
    GROUP BY n.org_id, n.agent_id;
    RETURN NULL;
END;
$_agent_memories_insert$;

COMMENT ON FUNCTION agentry_memory._agent_memories_insert() IS
    'Checks whom new memories are about, counts their importance, and tells whoever listens.';

-- install
CREATE OR REPLACE TRIGGER agent_memories_insert
    AFTER INSERT ON agentry_memory.agent_memories
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._agent_memories_insert();
