-- _waiting_months(table) -> timestamptz[]: the months (UTC) without a partition whose rows lie in the default partition
CREATE OR REPLACE FUNCTION agentry._waiting_months(p_table oid)
RETURNS timestamptz[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $_waiting_months$
DECLARE
    v_table  record := agentry._partitioned_table(p_table::regclass::text);
    v_months timestamptz[];
BEGIN
    IF v_table.default_partition IS NULL THEN
        RETURN '{}'::timestamptz[];
    END IF;
    EXECUTE format('SELECT ARRAY(SELECT DISTINCT date_trunc(''month'', d.%1$I) FROM %2$s AS d '
                   'WHERE isfinite(d.%1$I) ORDER BY 1)',
                   v_table.time_column, v_table.default_partition)
    INTO v_months;
    -- a month that a partition by hand covers in part cannot be had
    RETURN ARRAY(SELECT m
                 FROM unnest(v_months) AS m
                 WHERE NOT agentry._has_month(p_table, m)
                 ORDER BY m);
END;
$_waiting_months$;

COMMENT ON FUNCTION agentry._waiting_months(oid) IS 'The months whose rows wait in the default partition of a table.';
