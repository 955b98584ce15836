-- _release_memories(partition): drops the keys that a retired month of events has into agentry_memory.raw_memories
-- It is not written any more; with them no month of raw memories that it refers to could retire.
-- Raises lock_not_available.
CREATE OR REPLACE FUNCTION agentry_memory._release_memories(p_partition regclass)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_release_memories$
DECLARE
    v_key name;
BEGIN
    PERFORM agentry._lock_briefly(ARRAY['agentry_memory.raw_memories', p_partition::text]);
    FOR v_key IN
        SELECT k.conname
        FROM pg_constraint AS k
        WHERE k.conrelid = p_partition
          AND k.confrelid = 'agentry_memory.raw_memories'::regclass
          AND k.conparentid = 0
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', p_partition, v_key);
    END LOOP;
END;
$_release_memories$;

COMMENT ON FUNCTION agentry_memory._release_memories(regclass) IS
    'Drops the keys that a retired month of events has into raw memories, so that these can retire too.';
