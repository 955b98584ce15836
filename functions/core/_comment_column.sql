-- _comment_column(table, column, comment): the standard comment of a standard column that has none of its own
CREATE OR REPLACE FUNCTION agentry._comment_column(p_table regclass, p_column name, p_comment text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_comment_column$
BEGIN
    IF EXISTS (SELECT
               FROM pg_attribute AS a
               WHERE a.attrelid = p_table AND a.attname = p_column AND col_description(p_table, a.attnum) IS NULL)
    THEN
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', p_table, p_column, p_comment);
    END IF;
END;
$_comment_column$;

COMMENT ON FUNCTION agentry._comment_column(regclass, name, text) IS
    'Gives a standard column its comment where it has none.';
