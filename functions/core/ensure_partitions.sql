-- ensure_partitions(table [, months_ahead]) -> partitions
-- Makes the monthly partitions from the current month on, and of every month that has rows in the default partition.  Returns those
-- that are new.  months_ahead: by default the table's policy, else 3.
-- Raises what create_monthly_partition() raises; invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry.ensure_partitions(p_table text, p_months_ahead integer DEFAULT NULL)
RETURNS text[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $ensure_partitions$
DECLARE
    v_table   record  := agentry._partitioned_table(p_table);
    v_ahead   integer := coalesce(p_months_ahead, (SELECT p.months_ahead FROM agentry.partition_policies AS p
                                                   WHERE p.table_name = v_table.oid), 3);
    v_months  date[];
    v_month   date;
    v_made    text;
    v_all     text[]  := '{}';
BEGIN
    IF v_ahead NOT BETWEEN 0 AND 120 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'months_ahead is out of range',
            DETAIL  = format('got: %s', p_months_ahead),
            HINT    = 'It is 0 to 120.';
    END IF;
    v_months := ARRAY(SELECT m::date
                      FROM generate_series(date_trunc('month', agentry._clock()),
                                           date_trunc('month', agentry._clock()) + make_interval(months => v_ahead),
                                           interval '1 month') AS m);
    IF v_table.default_partition IS NOT NULL THEN
        EXECUTE format('SELECT $1 || ARRAY(SELECT DISTINCT date_trunc(''month'', %1$I)::date FROM %2$s WHERE isfinite(%1$I))',
                       v_table.time_column, v_table.default_partition)
        INTO v_months USING v_months;
    END IF;
    FOREACH v_month IN ARRAY ARRAY(SELECT DISTINCT m FROM unnest(v_months) AS m ORDER BY m) LOOP
        v_made := agentry.create_monthly_partition(p_table, v_month);
        IF v_made IS NOT NULL THEN
            v_all := v_all || v_made;
        END IF;
    END LOOP;
    RETURN v_all;
END;
$ensure_partitions$;

COMMENT ON FUNCTION agentry.ensure_partitions(text, integer) IS
    'Makes the monthly partitions (UTC) of a table from the current month to months_ahead (0 to 120 [its policy, else 3]), and of months '
    'whose rows wait in the default partition; returns the new ones.  For the owner.  Raises undefined_table, wrong_object_type, '
    'invalid_parameter_value, lock_not_available.';
