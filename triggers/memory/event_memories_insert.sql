-- An event takes a place among those of its memory that no other has (uq_event_per_memory), and has the owner and scope
-- of the memory.
CREATE OR REPLACE FUNCTION agentry_memory._event_memories_insert()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_event_memories_insert$
DECLARE
    v_from  timestamptz;
    v_to    timestamptz;
    v_wrong uuid;
BEGIN
    INSERT INTO agentry_memory.event_memory_keys (org_id, memory_id, ordinal, event_id, "timestamp")
    SELECT n.org_id, n.memory_id, n.ordinal, n.event_id, n."timestamp"
    FROM new_rows AS n
    ORDER BY 1, 2, 3;
    SELECT min(n.memory_created_at), max(n.memory_created_at) INTO v_from, v_to FROM new_rows AS n;
    EXECUTE agentry_memory._wrong_event_sql() INTO v_wrong USING v_from, v_to;
    IF v_wrong IS NOT NULL THEN
        PERFORM agentry_memory._refuse_event(v_wrong);
    END IF;
    RETURN NULL;
END;
$_event_memories_insert$;

COMMENT ON FUNCTION agentry_memory._event_memories_insert() IS
    'Keeps the places of new events among those of their memory, and refuses those that are not as their memory.';

-- install
CREATE OR REPLACE TRIGGER event_memories_insert
    AFTER INSERT ON agentry_memory.event_memories
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._event_memories_insert();
