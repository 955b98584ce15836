-- _close_partition(partition): gives a partition the owner of its table and the storage parameters of its policy, and
-- closes it to direct reads and writes, TRUNCATE among them, so that the triggers of the table cannot be passed by
CREATE OR REPLACE FUNCTION agentry._close_partition(p_partition regclass)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_close_partition$
DECLARE
    v_parent  oid  := (SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = p_partition);
    v_owner   name := (SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = v_parent);
    v_storage text := (SELECT array_to_string(p.storage, ', ') FROM agentry.partition_policies AS p
                       WHERE p.table_name = v_parent);
BEGIN
    IF v_owner <> (SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = p_partition) THEN
        EXECUTE format('ALTER TABLE %s OWNER TO %I', p_partition, v_owner);
    END IF;
    IF v_storage <> '' THEN
        EXECUTE format('ALTER TABLE %s SET (%s)', p_partition, v_storage);
    END IF;
    -- the argument tells where a retired month came from
    EXECUTE format('CREATE OR REPLACE TRIGGER agentry_00_partition BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION agentry._refuse_partition(%L)',
                   p_partition, v_parent::regclass);
    -- readers and writers go through the table, whose policies do not reach here
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_partition);
END;
$_close_partition$;

COMMENT ON FUNCTION agentry._close_partition(regclass) IS
    'Gives a partition what it does not inherit, and closes it to direct reads and writes.';
