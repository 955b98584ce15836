-- _copied_columns(table) -> text: the columns that a copy of a row has to be given
CREATE OR REPLACE FUNCTION agentry._copied_columns(p_table oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_copied_columns$
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
    FROM pg_attribute AS a
    WHERE a.attrelid = p_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
$_copied_columns$;

COMMENT ON FUNCTION agentry._copied_columns(oid) IS 'The columns of a table that are not generated, as a list.';
