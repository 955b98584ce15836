-- As for new events; those of one statement may change places with each other.
CREATE OR REPLACE FUNCTION agentry_memory._event_memories_update()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_event_memories_update$
DECLARE
    v_from  timestamptz;
    v_to    timestamptz;
    v_wrong uuid;
BEGIN
    DELETE FROM agentry_memory.event_memory_keys AS k
    USING (SELECT o.org_id, o.memory_id, o.ordinal, o.event_id, o."timestamp" FROM old_rows AS o
           EXCEPT
           SELECT n.org_id, n.memory_id, n.ordinal, n.event_id, n."timestamp" FROM new_rows AS n) AS g
    WHERE k.org_id = g.org_id AND k.memory_id = g.memory_id AND k.ordinal = g.ordinal;
    INSERT INTO agentry_memory.event_memory_keys (org_id, memory_id, ordinal, event_id, "timestamp")
    SELECT n.org_id, n.memory_id, n.ordinal, n.event_id, n."timestamp" FROM new_rows AS n
    EXCEPT
    SELECT o.org_id, o.memory_id, o.ordinal, o.event_id, o."timestamp" FROM old_rows AS o
    ORDER BY 1, 2, 3;
    SELECT min(n.memory_created_at), max(n.memory_created_at) INTO v_from, v_to FROM new_rows AS n;
    EXECUTE agentry_memory._wrong_event_sql() INTO v_wrong USING v_from, v_to;
    IF v_wrong IS NOT NULL THEN
        PERFORM agentry_memory._refuse_event(v_wrong);
    END IF;
    RETURN NULL;
END;
$_event_memories_update$;

COMMENT ON FUNCTION agentry_memory._event_memories_update() IS
    'Keeps the places of changed events among those of their memory, and refuses those that are not as their memory.';

-- install
CREATE OR REPLACE TRIGGER event_memories_update
    AFTER UPDATE ON agentry_memory.event_memories
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._event_memories_update();
