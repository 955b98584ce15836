-- create_monthly_partition(table, date) -> partition
-- Makes the partition for the month (UTC) of a date; NULL where there is one already.  When rows wait in the default
-- partition, it is emptied first (see _drain_default).  Locks the default partition until the transaction ends.
-- Raises undefined_table, wrong_object_type, invalid_parameter_value, object_not_in_prerequisite_state,
-- invalid_transaction_state, lock_not_available.
CREATE OR REPLACE FUNCTION agentry.create_monthly_partition(p_table_name text, p_start_date date)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $create_monthly_partition$
DECLARE
    v_table record      := agentry._partitioned_table(p_table_name);
    v_month timestamptz := date_trunc('month', p_start_date::timestamp);
    v_new   text;
BEGIN
    IF p_start_date IS NULL OR NOT isfinite(p_start_date) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a partition needs a month',
            DETAIL  = format('got: %s', coalesce(p_start_date::text, 'NULL')),
            HINT    = 'Pass any day of it.';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('agentry.partitions.' || v_table.oid, 0));
    IF agentry._has_month(v_table.oid, v_month) THEN
        RETURN NULL;
    END IF;
    -- attaching reads the default partition, whose rows would be in the way
    IF cardinality(agentry._waiting_months(v_table.oid)) > 0 THEN
        PERFORM agentry._drain_default(v_table.oid);
        v_new := (SELECT p.partition FROM agentry._partitions(v_table.oid) AS p WHERE p.from_time = v_month);
        IF v_new IS NOT NULL THEN
            RETURN v_new;
        END IF;
    END IF;
    v_new := agentry._stage_month(v_table.oid, v_month);
    PERFORM agentry._attach_month(v_table.oid, v_new, v_month);
    RETURN v_new;
END;
$create_monthly_partition$;

COMMENT ON FUNCTION agentry.create_monthly_partition(text, date) IS
    'Makes the monthly partition (UTC) of a table for a date and returns its name, NULL where there is one; rows that '
    'wait in the default partition move into theirs.  For the owner.  Raises undefined_table, wrong_object_type, '
    'invalid_parameter_value, object_not_in_prerequisite_state, invalid_transaction_state, lock_not_available.';
