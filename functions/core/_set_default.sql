-- _set_default(table, column, expression): sets a column's default where it differs
-- The expression is written as the server prints it.
CREATE OR REPLACE FUNCTION agentry._set_default(p_table regclass, p_column name, p_expression text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_set_default$
BEGIN
    IF p_expression IS DISTINCT FROM (
        SELECT pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute AS a
        JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = p_table AND a.attname = p_column)
    THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', p_table, p_column, p_expression);
    END IF;
END;
$_set_default$;

COMMENT ON FUNCTION agentry._set_default(regclass, name, text) IS 'Sets the default of a column where it differs.';
