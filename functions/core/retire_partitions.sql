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
    v_table  record := agentry._partitioned_table(p_table);
    v_policy record;
    v_row    record;
    v_gone   text[] := '{}';
BEGIN
    SELECT p.keep_months, p.retire_to INTO v_policy
    FROM agentry.partition_policies AS p WHERE p.table_name = v_table.oid;
    IF v_policy.keep_months IS NULL OR v_policy.retire_to = 'keep' THEN
        RETURN v_gone;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('agentry.partitions.' || v_table.oid, 0));
    FOR v_row IN
        SELECT p.partition, p.partition::text AS name, p.from_time
        FROM agentry._partitions(v_table.oid) AS p
        WHERE isfinite(p.from_time)
          AND p.to_time <= date_trunc('month', agentry._clock()) - make_interval(months => v_policy.keep_months)
        ORDER BY p.from_time
    LOOP
        BEGIN
            PERFORM agentry._lock_briefly(v_table.oid::regclass::text);
            EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', v_table.oid::regclass, v_row.partition);
            IF v_policy.retire_to = 'archive' THEN
                PERFORM agentry._archive_partition(v_row.partition, v_table.name, v_row.from_time::date);
            ELSIF v_policy.retire_to = 'drop' THEN
                EXECUTE format('DROP TABLE %s', v_row.partition);
            END IF;
            v_gone := v_gone || v_row.name;
        EXCEPTION
            WHEN foreign_key_violation THEN
                RAISE WARNING USING
                    ERRCODE = 'foreign_key_violation',
                    MESSAGE = format('partition %s stays: its rows are still referenced', v_row.name),
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
