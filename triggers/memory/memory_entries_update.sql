-- A changed text has no embedding until it gets a new one; whoever embeds the old one just now is refused.
CREATE OR REPLACE FUNCTION agentry_memory._memory_entries_update()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_memory_entries_update$
BEGIN
    DELETE FROM agentry_memory.memory_vectors AS v
    USING new_rows AS n
    WHERE v.org_id = n.org_id AND v.entry_id = n.id AND v.content_hash <> n.content_hash;
    UPDATE agentry_memory.memory_vectors AS v
    SET owner_id = n.owner_id
    FROM new_rows AS n
    WHERE v.org_id = n.org_id AND v.entry_id = n.id AND v.owner_id <> n.owner_id;
    INSERT INTO agentry_memory.embedding_queue AS q (org_id, entry_id, model_id)
    SELECT n.org_id, n.id, m.model_id
    FROM new_rows AS n
    JOIN old_rows AS o ON o.org_id = n.org_id AND o.id = n.id AND o.content_hash <> n.content_hash
    JOIN agentry_memory.organization_models AS m ON m.org_id = n.org_id
    ON CONFLICT (org_id, entry_id, model_id) DO UPDATE
    SET status = 'pending', attempts = q.attempts + 1, uncounted = q.attempts + 1, available_at = now(),
        lease_until = NULL, dead_at = NULL, error = NULL;

    INSERT INTO agentry_memory.memory_changes (org_id, owner_id, entries, length, terms)
    SELECT c.org_id, c.owner_id, c.entries, c.entries * c.length, c.terms
    FROM new_rows AS n
    JOIN old_rows AS o ON o.org_id = n.org_id AND o.id = n.id
    CROSS JOIN LATERAL (VALUES (n.org_id, n.owner_id, 1, n.length, n.terms),
                               (o.org_id, o.owner_id, -1, o.length, o.terms))
        AS c (org_id, owner_id, entries, length, terms)
    WHERE (n.owner_id, n.length, n.terms) IS DISTINCT FROM (o.owner_id, o.length, o.terms);
    PERFORM agentry_memory._fold_changes(o.org_id, o.owner_id)
    FROM (SELECT n.org_id, n.owner_id FROM new_rows AS n
          UNION
          SELECT o.org_id, o.owner_id FROM old_rows AS o) AS o;
    RETURN NULL;
END;
$_memory_entries_update$;

COMMENT ON FUNCTION agentry_memory._memory_entries_update() IS
    'Counts the terms of changed entries anew, and lets go of embeddings of texts that are no more.';

-- install
CREATE OR REPLACE TRIGGER memory_entries_update
    AFTER UPDATE ON agentry_memory.memory_entries
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._memory_entries_update();
