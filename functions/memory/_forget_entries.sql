-- _forget_entries(organisation, subject) -> bigint
-- Erases what the semantic index has of an agent or user: entries whose row was not erased before them, and the
-- document frequencies, which are hashes of their words.
CREATE OR REPLACE FUNCTION agentry_memory._forget_entries(p_org_id uuid, p_subject jsonb)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_forget_entries$
DECLARE
    v_owner_id uuid := (p_subject ->> 'subject_id')::uuid;
    v_count    bigint;
BEGIN
    DELETE FROM agentry_memory.memory_entries AS e WHERE e.org_id = p_org_id AND e.owner_id = v_owner_id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM agentry_memory._fold_changes(p_org_id, v_owner_id, 1);
    DELETE FROM agentry_memory.memory_terms AS m WHERE m.org_id = p_org_id AND m.entries = 0;
    RETURN v_count;
END;
$_forget_entries$;

COMMENT ON FUNCTION agentry_memory._forget_entries(uuid, jsonb) IS
    'Erases what the semantic index has of an agent or user; for agentry.forget().';
