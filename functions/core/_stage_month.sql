-- _stage_month(table, month) -> text: a table that can become the partition of a month (UTC) at once
-- It has the indexes of the table already, and a CHECK that proves its range, so that attaching it reads no row.
CREATE OR REPLACE FUNCTION agentry._stage_month(p_table oid, p_month timestamptz)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
AS $_stage_month$
DECLARE
    v_table record := agentry._partitioned_table(p_table::regclass::text);
    v_new   text   := format('%I.%I', v_table.schema,
                             agentry._partition_name(v_table.schema, v_table.name, p_month::date));
BEGIN
    EXECUTE format(
        'CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE '
        'INCLUDING COMPRESSION INCLUDING INDEXES INCLUDING STATISTICS, '
        'CONSTRAINT agentry_month CHECK (%3$I IS NOT NULL AND %3$I >= %4$L AND %3$I < %5$L))',
        v_new, p_table::regclass, v_table.time_column, p_month, p_month + interval '1 month');
    RETURN v_new;
END;
$_stage_month$;

COMMENT ON FUNCTION agentry._stage_month(oid, timestamptz) IS
    'Makes a table that can become the partition of a month without a scan.';
