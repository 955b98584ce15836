-- The keys of the raw memories that are left, which are those in the archive.
CREATE OR REPLACE FUNCTION agentry_memory._raw_memories_truncate()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_raw_memories_truncate$
DECLARE
    v_part regclass;
BEGIN
    DELETE FROM agentry_memory.raw_memory_keys;
    FOR v_part IN SELECT agentry_memory._archive_of('agentry_memory.raw_memories') LOOP
        EXECUTE format('INSERT INTO agentry_memory.raw_memory_keys (org_id, owner_id, idempotency_key, memory_id) '
                       'SELECT r.org_id, coalesce(r.agent_id, r.user_id, r.team_id, r.org_id), r.idempotency_key, '
                       'r.memory_id FROM %s AS r WHERE r.idempotency_key IS NOT NULL', v_part);
    END LOOP;
    RETURN NULL;
END;
$_raw_memories_truncate$;

COMMENT ON FUNCTION agentry_memory._raw_memories_truncate() IS
    'Leaves the idempotency keys of the raw memories that are in the archive.';

-- install
CREATE OR REPLACE TRIGGER raw_memories_truncate
    AFTER TRUNCATE ON agentry_memory.raw_memories
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._raw_memories_truncate();
