-- The terms of entries that went count no more.
CREATE OR REPLACE FUNCTION agentry_memory._memory_entries_delete()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_memory_entries_delete$
BEGIN
    INSERT INTO agentry_memory.memory_changes (org_id, owner_id, entries, length, terms)
    SELECT o.org_id, o.owner_id, -1, -o.length, o.terms
    FROM old_rows AS o;
    PERFORM agentry_memory._fold_changes(o.org_id, o.owner_id)
    FROM (SELECT DISTINCT o.org_id, o.owner_id FROM old_rows AS o) AS o;
    RETURN NULL;
END;
$_memory_entries_delete$;

COMMENT ON FUNCTION agentry_memory._memory_entries_delete() IS 'Counts the terms of entries that went no more.';

-- install
CREATE OR REPLACE TRIGGER memory_entries_delete
    AFTER DELETE ON agentry_memory.memory_entries
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._memory_entries_delete();
