-- The places of events that went are free again.
CREATE OR REPLACE FUNCTION agentry_memory._event_memories_delete()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_event_memories_delete$
BEGIN
    DELETE FROM agentry_memory.event_memory_keys AS k
    USING old_rows AS o
    WHERE k.org_id = o.org_id AND k.memory_id = o.memory_id AND k.ordinal = o.ordinal;
    RETURN NULL;
END;
$_event_memories_delete$;

COMMENT ON FUNCTION agentry_memory._event_memories_delete() IS
    'Frees the places that events had among those of their memory.';

-- install
CREATE OR REPLACE TRIGGER event_memories_delete
    AFTER DELETE ON agentry_memory.event_memories
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._event_memories_delete();
