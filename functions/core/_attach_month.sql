-- _attach_month(table, staged table, month): makes what _stage_month() prepared a partition
-- Raises lock_not_available.
CREATE OR REPLACE FUNCTION agentry._attach_month(p_table oid, p_staged text, p_month timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
AS $_attach_month$
BEGIN
    -- it locks the default partition, and what keys of the table refer to
    PERFORM agentry._lock_briefly(
        '{}', format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
                     p_table::regclass, p_staged::regclass, p_month, p_month + interval '1 month'));
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT agentry_month', p_staged::regclass);
    PERFORM agentry._close_partition(p_staged::regclass);
END;
$_attach_month$;

COMMENT ON FUNCTION agentry._attach_month(oid, text, timestamptz) IS 'Makes a staged table the partition of a month.';
