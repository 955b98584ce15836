-- _partition_troubles() -> trouble: what maintenance should have done to monthly tables, a line each
-- A day is its due: a month that began an hour ago is no trouble yet.
CREATE OR REPLACE FUNCTION agentry._partition_troubles()
RETURNS TABLE (trouble text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $_partition_troubles$
DECLARE
    v_policy record;
    v_table  record;
    v_now    timestamptz := date_trunc('month', agentry._clock() - interval '1 day');
    v_found  text;
    v_waits  boolean;
BEGIN
    FOR v_policy IN
        SELECT p.table_name, p.months_ahead, p.keep_months, p.retire_to
        FROM agentry.partition_policies AS p
        ORDER BY p.table_name::text COLLATE "C"
    LOOP
        SELECT string_agg(to_char(m, 'YYYY-MM'), ', ' ORDER BY m)
        INTO v_found
        FROM generate_series(v_now, v_now + make_interval(months => v_policy.months_ahead), '1 month') AS m
        WHERE NOT agentry._has_month(v_policy.table_name, m);
        IF v_found IS NOT NULL THEN
            trouble := format('%s has no partition for %s', v_policy.table_name, v_found);
            RETURN NEXT;
        END IF;

        v_table := agentry._partitioned_table(v_policy.table_name::text);
        -- somebody else's table is not read
        IF has_table_privilege(v_table.default_partition, 'SELECT') THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %s AS d WHERE isfinite(d.%I))',
                           v_table.default_partition, v_table.time_column)
            INTO v_waits;
            IF v_waits THEN
                trouble := format('rows wait in %s', v_table.default_partition);
                RETURN NEXT;
            END IF;
        END IF;

        SELECT string_agg(m.partition::text, ', ' ORDER BY m.from_time)
        INTO v_found
        FROM agentry._partitions(v_policy.table_name) AS m
        WHERE v_policy.retire_to <> 'keep'
          AND isfinite(m.from_time)
          AND m.to_time <= v_now - make_interval(months => v_policy.keep_months);
        IF v_found IS NOT NULL THEN
            trouble := format('%s should have retired', v_found);
            RETURN NEXT;
        END IF;
    END LOOP;
END;
$_partition_troubles$;

COMMENT ON FUNCTION agentry._partition_troubles() IS 'What maintenance should have done to monthly tables.';
