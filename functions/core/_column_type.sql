-- _column_type(table, column) -> regtype; NULL where there is no such column
CREATE OR REPLACE FUNCTION agentry._column_type(p_table regclass, p_column name)
RETURNS regtype
LANGUAGE sql
STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_column_type$
    SELECT a.atttypid::regtype
    FROM pg_attribute AS a
    WHERE a.attrelid = p_table AND a.attname = p_column AND a.attnum > 0 AND NOT a.attisdropped
$_column_type$;

COMMENT ON FUNCTION agentry._column_type(regclass, name) IS 'Type of a column; NULL where there is none.';
