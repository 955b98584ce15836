-- _replace_default(table, staged tables, months): empties the default partition and attaches the months that were copied from it
-- What was not copied (infinite times, months that came just now) is put back.
CREATE OR REPLACE FUNCTION agentry._replace_default(p_table oid, p_staged text[], p_months timestamptz[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET client_min_messages = warning
AS $_replace_default$
DECLARE
    v_table   record := agentry._partitioned_table(p_table::regclass::text);
    v_default text   := v_table.default_partition;
    v_columns text   := agentry._copied_columns(p_table);
BEGIN
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', p_table::regclass, v_default);
    EXECUTE format('CREATE TEMPORARY TABLE agentry_rest ON COMMIT DROP AS SELECT * FROM %s AS d '
                   'WHERE (date_trunc(''month'', d.%I) = ANY (%L::timestamptz[])) IS NOT TRUE',
                   v_default, v_table.time_column, p_months);
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', v_default);
    EXECUTE format('TRUNCATE %s', v_default);
    EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM pg_temp.agentry_rest', v_default, v_columns);
    SET CONSTRAINTS ALL IMMEDIATE;
    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', v_default);
    DROP TABLE pg_temp.agentry_rest;
    FOR v_i IN 1..cardinality(p_staged) LOOP
        PERFORM agentry._attach_month(p_table, p_staged[v_i], p_months[v_i]);
    END LOOP;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', p_table::regclass, v_default);
END;
$_replace_default$;

COMMENT ON FUNCTION agentry._replace_default(oid, text[], timestamptz[]) IS
    'Empties the default partition and attaches the months that were copied from it.';
