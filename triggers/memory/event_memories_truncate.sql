-- The places of the events that are left, which are those in the archive.
CREATE OR REPLACE FUNCTION agentry_memory._event_memories_truncate()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_event_memories_truncate$
DECLARE
    v_part regclass;
BEGIN
    DELETE FROM agentry_memory.event_memory_keys;
    FOR v_part IN SELECT agentry_memory._archive_of('agentry_memory.event_memories') LOOP
        EXECUTE format('INSERT INTO agentry_memory.event_memory_keys (org_id, memory_id, ordinal, event_id, '
                       '"timestamp") SELECT e.org_id, e.memory_id, e.ordinal, e.event_id, e."timestamp" FROM %s AS e',
                       v_part);
    END LOOP;
    RETURN NULL;
END;
$_event_memories_truncate$;

COMMENT ON FUNCTION agentry_memory._event_memories_truncate() IS
    'Leaves the places of the events that are in the archive.';

-- install
CREATE OR REPLACE TRIGGER event_memories_truncate
    AFTER TRUNCATE ON agentry_memory.event_memories
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._event_memories_truncate();
