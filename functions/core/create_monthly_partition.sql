-- create_monthly_partition(table, date) -> partition
-- Makes the partition for the month (UTC) of a date; NULL where it is there already.  Rows of that month that wait in the default
-- partition move into it, in this transaction, without touching a row that refers to them.  Locks the default partition until
-- the transaction ends.
-- Raises undefined_table, wrong_object_type, lock_not_available.
CREATE OR REPLACE FUNCTION agentry.create_monthly_partition(p_table_name text, p_start_date date)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $create_monthly_partition$
DECLARE
    v_table   record := agentry._partitioned_table(p_table_name);
    v_from    timestamptz := date_trunc('month', p_start_date::timestamp);
    v_to      timestamptz := date_trunc('month', p_start_date::timestamp) + interval '1 month';
    v_new     text := format('%I.%I', v_table.schema, left(v_table.name, 55) || to_char(p_start_date, '_YYYY_MM'));
    v_waiting boolean := false;
BEGIN
    IF p_start_date IS NULL OR to_regclass(v_new) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    -- no indexes and keys yet: attaching makes them
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE '
                   'INCLUDING COMPRESSION)', v_new, v_table.oid::regclass);
    IF v_table.default_partition IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %I >= $1 AND %2$I < $2)', v_table.default_partition, v_table.time_column)
        INTO v_waiting USING v_from, v_to;
    END IF;
    IF v_waiting THEN
        PERFORM agentry._move_from_default(v_table.oid, v_new::regclass, v_from, v_to);
    ELSE
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', v_table.oid::regclass, v_new, v_from, v_to);
    END IF;
    PERFORM agentry._close_partition(v_new::regclass);
    RETURN v_new;
END;
$create_monthly_partition$;

COMMENT ON FUNCTION agentry.create_monthly_partition(text, date) IS
    'Makes the monthly partition (UTC) of a table for a date and returns its name, NULL where it exists; rows that wait in the default '
    'partition move into it.  For the owner.  Raises undefined_table, wrong_object_type, lock_not_available.';
