-- _drain_default(table) -> text[]: moves the rows of the default partition into new partitions of their months
-- A key into the table sees a row that is deleted from one partition as gone even when another has it, and a table with
-- pending events takes no partition.  So no row moves: they are copied while all others read and write, then, in a
-- moment in which nobody else has the table, what came meanwhile is copied too, the copies become partitions and the
-- default is emptied.  The keys into the table are dropped before and made again NOT VALID after; validate_keys()
-- proves them later.  Rows with infinite times stay.  No row trigger fires, no referring row is touched.
-- Raises object_not_in_prerequisite_state, invalid_transaction_state, lock_not_available.
CREATE OR REPLACE FUNCTION agentry._drain_default(p_table oid)
RETURNS text[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
SET client_min_messages = warning
AS $_drain_default$
DECLARE
    v_table  record        := agentry._partitioned_table(p_table::regclass::text);
    v_months timestamptz[] := agentry._waiting_months(p_table);
    v_since  pg_snapshot   := pg_current_snapshot();
    v_copies text[]        := '{}';
    v_rows   text[];
    v_count  bigint        := 0;
    v_keys   jsonb;
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_transaction_state',
            MESSAGE = 'rows wait in the default partition, and this transaction would not see '
                      'those that come meanwhile',
            DETAIL  = format('transaction_isolation is %s', current_setting('transaction_isolation')),
            HINT    = 'Use READ COMMITTED.';
    END IF;
    FOR v_i IN 1..cardinality(v_months) LOOP
        v_copies[v_i] := agentry._stage_month(p_table, v_months[v_i]);
        v_rows[v_i]   := format('d.%I >= %L AND d.%1$I < %3$L',
                                v_table.time_column, v_months[v_i], v_months[v_i] + interval '1 month');
    END LOOP;
    -- the last copy is of what stays: infinite times, and months that come just now
    EXECUTE format('CREATE TEMPORARY TABLE agentry_rest (LIKE %s) ON COMMIT DROP', v_table.default_partition);
    v_copies := v_copies || 'pg_temp.agentry_rest'::text;
    v_rows   := v_rows || format('(date_trunc(''month'', d.%I) = ANY (%L::timestamptz[])) IS NOT TRUE',
                                 v_table.time_column, v_months);
    FOR v_i IN 1..cardinality(v_copies) LOOP
        v_count := v_count + agentry._copy_rows(p_table, v_table.default_partition::text, v_copies[v_i], v_rows[v_i]);
    END LOOP;

    v_keys := agentry._keys_into(p_table);
    PERFORM agentry._lock_briefly(
        p_table::regclass::text || ARRAY(SELECT DISTINCT k ->> 'table' FROM jsonb_array_elements(v_keys) AS k),
        agentry._own_keys(p_table, trim_array(v_copies, 1)));
    PERFORM agentry._catch_up(p_table, v_copies, v_rows, v_since, v_count);
    PERFORM agentry._drop_keys(v_keys);
    PERFORM agentry._replace_default(p_table, v_copies, v_months);
    PERFORM agentry._restore_keys(v_keys);
    RETURN trim_array(v_copies, 1);
END;
$_drain_default$;

COMMENT ON FUNCTION agentry._drain_default(oid) IS
    'Moves the rows of the default partition into new partitions of their months.';
