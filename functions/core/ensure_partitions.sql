-- ensure_partitions(table [, months_ahead]) -> partitions
-- Makes the monthly partitions from the current month on, and those of rows that wait in the default partition; returns
-- the new ones.  Closes partitions that were made by hand.  months_ahead: by default the table's policy, else 3.
-- Raises what create_monthly_partition() raises.
CREATE OR REPLACE FUNCTION agentry.ensure_partitions(p_table text, p_months_ahead integer DEFAULT NULL)
RETURNS text[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $ensure_partitions$
DECLARE
    v_table   record      := agentry._partitioned_table(p_table);
    v_ahead   integer     := coalesce(p_months_ahead, (SELECT p.months_ahead FROM agentry.partition_policies AS p
                                                       WHERE p.table_name = v_table.oid), 3);
    v_now     timestamptz := date_trunc('month', agentry._clock());
    v_waiting timestamptz[];
    v_months  timestamptz[];
    v_made    text[]      := '{}';
    v_all     text[]      := '{}';
    v_open    regclass;
BEGIN
    IF v_ahead NOT BETWEEN 0 AND 120 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'months_ahead is out of range',
            DETAIL  = format('got: %s', p_months_ahead),
            HINT    = 'It is 0 to 120.';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('agentry.partitions.' || v_table.oid, 0));
    v_waiting := agentry._waiting_months(v_table.oid);
    -- what can be made beforehand is, as others wait from the first month on that is attached
    v_months := ARRAY(SELECT m
                      FROM generate_series(v_now, v_now + make_interval(months => v_ahead), '1 month') AS m
                      WHERE NOT agentry._has_month(v_table.oid, m)
                        AND m <> ALL (v_waiting)
                      ORDER BY m);
    FOR v_i IN 1..cardinality(v_months) LOOP
        v_made[v_i] := agentry._stage_month(v_table.oid, v_months[v_i]);
    END LOOP;
    -- once more when a month came while the first were copied
    WHILE cardinality(v_waiting) > 0 LOOP
        v_all     := v_all || agentry._drain_default(v_table.oid);
        v_waiting := agentry._waiting_months(v_table.oid);
    END LOOP;
    FOR v_i IN 1..cardinality(v_months) LOOP
        IF agentry._has_month(v_table.oid, v_months[v_i]) THEN
            EXECUTE format('DROP TABLE %s', v_made[v_i]);
        ELSE
            PERFORM agentry._attach_month(v_table.oid, v_made[v_i], v_months[v_i]);
            v_all := v_all || v_made[v_i];
        END IF;
    END LOOP;
    FOR v_open IN SELECT agentry._open_partitions(v_table.oid) LOOP
        PERFORM agentry._lock_briefly(ARRAY[v_open::text]);
        PERFORM agentry._close_partition(v_open);
    END LOOP;
    RETURN v_all;
END;
$ensure_partitions$;

COMMENT ON FUNCTION agentry.ensure_partitions(text, integer) IS
    'Makes the monthly partitions (UTC) of a table from the current month to months_ahead (0 to 120 [its policy, else '
    '3]), and of months whose rows wait in the default partition; returns the new ones.  For the owner.  Raises '
    'undefined_table, wrong_object_type, invalid_parameter_value, object_not_in_prerequisite_state, '
    'invalid_transaction_state, lock_not_available.';
