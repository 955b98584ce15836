-- _forget_derived(organisation, subject) -> bigint
-- Erases what others made of what a subject remembered and is no more than that: memories that summarise its memories
-- or were abstracted from them, and what was made of these; views that nothing else supports; concepts that these
-- became.  With the images of their rows in the audit log.  Sources that were archived for them come back.  What is of
-- somebody under a legal hold stays.
CREATE OR REPLACE FUNCTION agentry_memory._forget_derived(p_org_id uuid, p_subject jsonb)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_forget_derived$
DECLARE
    v_id       uuid   := (p_subject ->> 'subject_id')::uuid;
    v_held     uuid[] := agentry_memory._held(p_org_id);
    v_memories uuid[];
    v_views    uuid[];
    v_concepts uuid[];
    v_count    bigint;
BEGIN
    v_memories := ARRAY(
        WITH RECURSIVE made AS (
            SELECT c.consolidated_memory_id AS id
            FROM agentry_memory.agent_memories AS s
            JOIN agentry_memory.memory_links AS l
                ON l.org_id = s.org_id AND l.to_kind = 'memory' AND l.to_id = s.id AND l.from_kind = 'memory'
                   AND l.relation IN ('summarises', 'derived_from')
            JOIN agentry_memory.memory_consolidations AS c
                ON c.org_id = l.org_id AND c.consolidated_memory_id = l.from_id
            WHERE s.org_id = p_org_id AND (s.agent_id = v_id OR s.user_id = v_id)
            UNION
            SELECT c.consolidated_memory_id
            FROM made AS m
            JOIN agentry_memory.memory_links AS l
                ON l.org_id = p_org_id AND l.to_kind = 'memory' AND l.to_id = m.id AND l.from_kind = 'memory'
                   AND l.relation IN ('summarises', 'derived_from')
            JOIN agentry_memory.memory_consolidations AS c
                ON c.org_id = l.org_id AND c.consolidated_memory_id = l.from_id)
        SELECT m.id
        FROM made AS d
        JOIN agentry_memory.agent_memories AS m ON m.org_id = p_org_id AND m.id = d.id
        WHERE m.agent_id <> v_id AND NOT ARRAY[m.agent_id, m.user_id] && v_held);
    v_views := ARRAY(
        SELECT v.id
        FROM (SELECT l.to_id AS id
              FROM agentry_memory.memory_links AS l
              WHERE l.org_id = p_org_id
                AND l.to_kind = 'view'
                AND l.relation = 'supports'
                AND l.to_id IN (SELECT o.to_id
                                FROM agentry_memory.memory_links AS o
                                WHERE o.org_id = p_org_id
                                  AND (o.agent_id = v_id OR o.user_id = v_id OR o.from_id = ANY (v_memories)))
              GROUP BY l.to_id
              HAVING bool_and(coalesce(v_id IN (l.agent_id, l.user_id), false) OR l.from_id = ANY (v_memories))) AS e
        JOIN agentry_memory.cognitive_views AS v ON v.org_id = p_org_id AND v.id = e.id
        WHERE v.agent_id <> v_id AND NOT ARRAY[v.agent_id, v.user_id] && v_held);
    v_concepts := ARRAY(
        SELECT c.id
        FROM agentry_memory.stable_concepts AS c
        WHERE c.org_id = p_org_id
          AND c.promoted_from = ANY (v_views)
          AND NOT ARRAY[c.agent_id, c.user_id] && v_held);
    DELETE FROM agentry_memory.stable_concepts AS c WHERE c.org_id = p_org_id AND c.id = ANY (v_concepts);
    DELETE FROM agentry_memory.cognitive_views AS v WHERE v.org_id = p_org_id AND v.id = ANY (v_views);
    DELETE FROM agentry_memory.agent_memories AS m WHERE m.org_id = p_org_id AND m.id = ANY (v_memories);

    v_count := cardinality(v_memories || v_views || v_concepts);
    IF v_count > 0 THEN
        PERFORM agentry._set_images_apart();
        DELETE FROM agentry.audit_images AS i
        USING agentry.audit_log AS l
        WHERE i.org_id = p_org_id
          AND l.org_id = i.org_id
          AND l.id = i.audit_id
          AND l.table_name IN ('agentry_memory.agent_memories', 'agentry_memory.cognitive_views',
                               'agentry_memory.stable_concepts')
          AND l.row_key ->> 'id' = ANY ((v_memories || v_views || v_concepts)::text[]);
    END IF;
    RETURN v_count;
END;
$_forget_derived$;

COMMENT ON FUNCTION agentry_memory._forget_derived(uuid, jsonb) IS
    'Erases what others made of a subject''s memories and is no more than that; for agentry.forget().';
