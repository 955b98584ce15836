-- _unlink_month(table, partition): takes away the links of a month's rows before it is dropped
CREATE OR REPLACE FUNCTION agentry_memory._unlink_month(p_table regclass, p_partition regclass)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_unlink_month$
BEGIN
    PERFORM agentry_memory._unlink_rows(p_table, p_partition, 'true');
END;
$_unlink_month$;

COMMENT ON FUNCTION agentry_memory._unlink_month(regclass, regclass) IS
    'Takes away the links of a month''s rows before it is dropped.';
