-- _close_partition(partition): gives a partition what it does not inherit: storage parameters and TRUNCATE triggers of its table;
-- and closes it to direct writes
CREATE OR REPLACE FUNCTION agentry._close_partition(p_partition regclass)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_close_partition$
DECLARE
    v_parent  regclass := (SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = p_partition);
    v_storage text     := (SELECT array_to_string(p.storage, ', ') FROM agentry.partition_policies AS p
                           WHERE p.table_name = v_parent);
    v_trigger record;
BEGIN
    IF v_storage <> '' THEN
        EXECUTE format('ALTER TABLE %s SET (%s)', p_partition, v_storage);
    END IF;
    FOR v_trigger IN
        SELECT t.tgname, t.tgfoid::regproc AS function
        FROM pg_trigger AS t
        WHERE t.tgrelid = v_parent AND NOT t.tgisinternal AND t.tgtype & 32 <> 0
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s()',
                       v_trigger.tgname, p_partition, v_trigger.function);
    END LOOP;
    EXECUTE format('CREATE OR REPLACE TRIGGER agentry_00_partition BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION agentry._refuse_partition()', p_partition);
    -- readers and writers go through the table, whose policies do not reach here
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_partition);
END;
$_close_partition$;

COMMENT ON FUNCTION agentry._close_partition(regclass) IS
    'Gives a partition what it does not inherit, and closes it to direct reads and writes.';
