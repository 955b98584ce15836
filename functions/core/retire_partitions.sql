-- retire_partitions(table) -> partitions
-- Retires monthly partitions that are older than their policy keeps: detached, moved to schema agentry_archive, or dropped.
-- Returns those that went.  A partition whose rows are still referenced stays, with a warning.
-- Raises undefined_table, wrong_object_type, lock_not_available.
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
    SELECT p.keep_months, p.retire_to INTO v_policy FROM agentry.partition_policies AS p WHERE p.table_name = v_table.oid;
    IF v_policy.keep_months IS NULL OR v_policy.retire_to = 'keep' THEN
        RETURN v_gone;
    END IF;
    FOR v_row IN
        SELECT c.oid::regclass AS partition, c.relname AS name
        FROM pg_inherits AS i
        JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = v_table.oid
          AND c.relname ~ '_\d{4,}_\d\d$'
          AND to_date(substring(c.relname FROM '_(\d{4,}_\d\d)$'), 'YYYY_MM') + interval '1 month'
              <= date_trunc('month', agentry._clock()) - make_interval(months => v_policy.keep_months)
        ORDER BY c.relname
    LOOP
        BEGIN
            EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', v_table.oid::regclass, v_row.partition);
            IF v_policy.retire_to = 'archive' THEN
                IF to_regnamespace('agentry_archive') IS NULL THEN
                    CREATE SCHEMA agentry_archive;
                END IF;
                EXECUTE format('ALTER TABLE %s SET SCHEMA agentry_archive', v_row.partition);
            ELSIF v_policy.retire_to = 'drop' THEN
                EXECUTE format('DROP TABLE %s', v_row.partition);
            END IF;
            v_gone := v_gone || v_row.name::text;
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
    'Retires the monthly partitions of a table that its policy (agentry.partition_policies) no longer keeps: detach, archive (schema '
    'agentry_archive) or drop; returns them.  For the owner.  Raises undefined_table, wrong_object_type, lock_not_available.';
