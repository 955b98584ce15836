-- What new entries bring with them: their terms count, and they wait for an embedding by each model of the
-- organisation.
CREATE OR REPLACE FUNCTION agentry_memory._memory_entries_insert()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_memory_entries_insert$
BEGIN
    INSERT INTO agentry_memory.embedding_queue (org_id, entry_id, model_id)
    SELECT n.org_id, n.id, m.model_id
    FROM new_rows AS n
    JOIN agentry_memory.organization_models AS m ON m.org_id = n.org_id;

    IF (SELECT count(*) FROM (SELECT FROM new_rows LIMIT 256) AS n) = 256 AND agentry_memory._may_count() THEN
        -- a load is counted at once
        PERFORM agentry_memory._add_terms(t.org_id, array_agg(t.term), array_agg(t.entries))
        FROM (SELECT n.org_id, u.term, count(*)::integer AS entries
              FROM new_rows AS n
              CROSS JOIN LATERAL unnest(n.terms) AS u (term)
              GROUP BY n.org_id, u.term) AS t
        GROUP BY t.org_id;
        PERFORM agentry_memory._add_owner(o.org_id, o.owner_id, o.entries, o.length)
        FROM (SELECT n.org_id, n.owner_id, count(*) AS entries, sum(n.length) AS length
              FROM new_rows AS n
              GROUP BY n.org_id, n.owner_id) AS o;
        RETURN NULL;
    END IF;
    INSERT INTO agentry_memory.memory_changes (org_id, owner_id, entries, length, terms)
    SELECT n.org_id, n.owner_id, 1, n.length, n.terms
    FROM new_rows AS n;
    PERFORM agentry_memory._fold_changes(o.org_id, o.owner_id)
    FROM (SELECT DISTINCT n.org_id, n.owner_id FROM new_rows AS n) AS o;
    RETURN NULL;
END;
$_memory_entries_insert$;

COMMENT ON FUNCTION agentry_memory._memory_entries_insert() IS
    'Counts the terms of new entries, and queues them for their embeddings.';

-- install
CREATE OR REPLACE TRIGGER memory_entries_insert
    AFTER INSERT ON agentry_memory.memory_entries
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._memory_entries_insert();
