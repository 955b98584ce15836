-- The key of a raw memory that went is free again.  One whose events are in the archive, where no foreign key holds
-- them, does not go before them.
CREATE OR REPLACE FUNCTION agentry_memory._raw_memories_delete()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_raw_memories_delete$
DECLARE
    v_part  regclass;
    v_found uuid;
BEGIN
    DELETE FROM agentry_memory.raw_memory_keys AS k
    USING old_rows AS o
    WHERE k.org_id = o.org_id
      AND k.owner_id = coalesce(o.agent_id, o.user_id, o.team_id, o.org_id)
      AND k.idempotency_key = o.idempotency_key;
    IF NOT EXISTS (SELECT
                   FROM old_rows AS o
                   JOIN agentry_memory.event_memory_keys AS k ON k.org_id = o.org_id AND k.memory_id = o.memory_id) THEN
        RETURN NULL;
    END IF;
    FOR v_part IN SELECT agentry_memory._archive_of('agentry_memory.event_memories') LOOP
        EXECUTE format('SELECT o.memory_id FROM old_rows AS o JOIN %s AS e ON e.org_id = o.org_id '
                       'AND e.memory_created_at = o.created_at AND e.memory_id = o.memory_id LIMIT 1', v_part)
        INTO v_found;
        IF v_found IS NOT NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'foreign_key_violation',
                MESSAGE = format('raw memory %s has events in the archive', v_found),
                DETAIL  = format('They are in %s.', v_part),
                HINT    = 'agentry_memory.delete_raw_memory() deletes it with all its events.';
        END IF;
    END LOOP;
    RETURN NULL;
END;
$_raw_memories_delete$;

COMMENT ON FUNCTION agentry_memory._raw_memories_delete() IS
    'Frees the idempotency keys of raw memories that went, and refuses where events of them are in the archive.';

-- install
CREATE OR REPLACE TRIGGER raw_memories_delete
    AFTER DELETE ON agentry_memory.raw_memories
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._raw_memories_delete();
