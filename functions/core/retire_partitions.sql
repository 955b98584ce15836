-- retire_partitions(table) -> partitions
-- Retires the months that the policy of a table no longer keeps: detached, moved to schema agentry_archive, or dropped.
-- Returns those that went.  A month whose rows are still referenced stays, with a warning.
-- Raises undefined_table, wrong_object_type, insufficient_privilege, lock_not_available.
CREATE OR REPLACE FUNCTION agentry.retire_partitions(p_table text)
RETURNS text[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $retire_partitions$
DECLARE
    v_table     record := agentry._partitioned_table(p_table);
    v_partition regclass;
    v_gone      text[] := '{}';
BEGIN
    FOR v_partition IN SELECT agentry._due_partitions(v_table.oid) LOOP
        BEGIN
            v_gone := v_gone || agentry._retire_partition(v_partition);
        EXCEPTION
            WHEN foreign_key_violation THEN
                RAISE WARNING USING
                    ERRCODE = 'foreign_key_violation',
                    MESSAGE = format('partition %s stays: its rows are still referenced', v_partition),
                    DETAIL  = SQLERRM,
                    HINT    = 'Retire what refers to them first.';
        END;
    END LOOP;
    RETURN v_gone;
END;
$retire_partitions$;

COMMENT ON FUNCTION agentry.retire_partitions(text) IS
    'Retires the monthly partitions of a table that its policy (agentry.set_partition_policy) no longer keeps: '
    'detach, archive (schema agentry_archive) or drop; returns them.  For the owner.  Raises undefined_table, '
    'wrong_object_type, insufficient_privilege, lock_not_available; a partition that is still referred to stays, with '
    'a warning (foreign_key_violation).';
