-- _retire_partition(partition) -> text: detaches one month and does with it what the policy of its table says
-- DETACH reads the referring tables while it holds all; so the keys into the table are dropped before and made again
-- NOT VALID after, as when a default partition is emptied, and what refers to the month is looked up by index.
-- Raises foreign_key_violation, insufficient_privilege, lock_not_available.
CREATE OR REPLACE FUNCTION agentry._retire_partition(p_partition regclass)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $_retire_partition$
DECLARE
    v_table regclass := (SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = p_partition);
    v_name  name     := (SELECT c.relname FROM pg_class AS c WHERE c.oid = v_table);
    v_label text     := p_partition;
    v_month timestamptz;
    v_to    text;
    v_keys  jsonb;
    v_hook  regprocedure;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('agentry.partitions.' || v_table::oid, 0));
    SELECT m.from_time, p.retire_to
    INTO v_month, v_to
    FROM agentry.partition_policies AS p
    CROSS JOIN LATERAL agentry._partitions(p.table_name) AS m
    WHERE p.table_name = v_table AND m.partition = p_partition;
    -- those that cannot be made again NOT VALID are left to DETACH
    v_keys := (SELECT coalesce(jsonb_agg(k), '[]')
               FROM jsonb_array_elements(agentry._keys_into(v_table)) AS k
               WHERE k ->> 'definition' LIKE '% NOT VALID');
    -- first where nobody has to wait for it
    PERFORM agentry._refuse_referenced(p_partition, v_keys);
    PERFORM agentry._lock_briefly(
        v_table::text || ARRAY(SELECT DISTINCT k ->> 'table' FROM jsonb_array_elements(v_keys) AS k));
    PERFORM agentry._refuse_referenced(p_partition, v_keys);
    PERFORM agentry._drop_keys(v_keys);
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', v_table, p_partition);
    IF v_to = 'archive' THEN
        PERFORM agentry._archive_partition(p_partition, v_name, v_month::date);
    ELSIF v_to = 'drop' THEN
        FOR v_hook IN SELECT h.before_drop::regprocedure
                      FROM agentry.partition_hooks AS h
                      WHERE h.table_name = v_table LOOP
            EXECUTE format('SELECT %s($1, $2)', v_hook::regproc) USING v_table, p_partition;
        END LOOP;
        EXECUTE format('DROP TABLE %s', p_partition);
    END IF;
    PERFORM agentry._restore_keys(v_keys);
    RETURN v_label;
END;
$_retire_partition$;

COMMENT ON FUNCTION agentry._retire_partition(regclass) IS 'Detaches, archives or drops one month.';
