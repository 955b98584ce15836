-- _copy_month(table, staged table, month [, condition]): copies the rows of a month from the default partition
CREATE OR REPLACE FUNCTION agentry._copy_month(
    p_table     oid,
    p_staged    text,
    p_month     timestamptz,
    p_condition text DEFAULT 'true'
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $_copy_month$
DECLARE
    v_table record := agentry._partitioned_table(p_table::regclass::text);
BEGIN
    EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM %s AS d WHERE d.%I >= $1 AND d.%4$I < $2 AND %s',
                   p_staged, agentry._copied_columns(p_table), v_table.default_partition, v_table.time_column, p_condition)
    USING p_month, p_month + interval '1 month';
END;
$_copy_month$;

COMMENT ON FUNCTION agentry._copy_month(oid, text, timestamptz, text) IS
    'Copies the rows of a month from the default partition into a staged table.';
