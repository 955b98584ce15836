-- _copy_rows(table, from, copy, condition) -> bigint: copies rows d of a table of the same columns; returns how many
CREATE OR REPLACE FUNCTION agentry._copy_rows(p_table oid, p_from text, p_copy text, p_condition text)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $_copy_rows$
DECLARE
    v_count bigint;
BEGIN
    EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM %s AS d WHERE %s',
                   p_copy, agentry._copied_columns(p_table), p_from, p_condition);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$_copy_rows$;

COMMENT ON FUNCTION agentry._copy_rows(oid, text, text, text) IS
    'Copies rows between tables that have the columns of a table.';
