-- _replace_default(table, copies, months): empties the default partition, but for the last copy, and attaches the
-- others
CREATE OR REPLACE FUNCTION agentry._replace_default(p_table oid, p_copies text[], p_months timestamptz[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_replace_default$
DECLARE
    v_table   record := agentry._partitioned_table(p_table::regclass::text);
    v_default text   := v_table.default_partition;
BEGIN
    -- keys of the copies that are checked at the end of the transaction; a table with pending events is not altered
    SET CONSTRAINTS ALL IMMEDIATE;
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', p_table::regclass, v_default);
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', v_default);
    EXECUTE format('TRUNCATE %s', v_default);
    EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM %s',
                   v_default, agentry._copied_columns(p_table), p_copies[cardinality(p_copies)]);
    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', v_default);
    EXECUTE format('DROP TABLE %s', p_copies[cardinality(p_copies)]);
    FOR v_i IN 1..cardinality(p_months) LOOP
        PERFORM agentry._attach_month(p_table, p_copies[v_i], p_months[v_i]);
    END LOOP;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', p_table::regclass, v_default);
END;
$_replace_default$;

COMMENT ON FUNCTION agentry._replace_default(oid, text[], timestamptz[]) IS
    'Empties the default partition and attaches the months that were copied from it.';
