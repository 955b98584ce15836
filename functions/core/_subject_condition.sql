-- _subject_condition(table, column, value) -> text: the SQL condition that a column names a subject
CREATE OR REPLACE FUNCTION agentry._subject_condition(p_table regclass, p_column name, p_value text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_subject_condition$
    SELECT CASE agentry._column_type(p_table, p_column)
               WHEN 'uuid'::regtype THEN format('%I = %L::uuid', p_column, p_value)
               WHEN 'uuid[]'::regtype THEN format('%I @> ARRAY[%L::uuid]', p_column, p_value)
               WHEN 'text[]'::regtype THEN format('%I @> ARRAY[%L]', p_column, p_value)
               ELSE format('%I = %L', p_column, p_value)
           END
$_subject_condition$;

COMMENT ON FUNCTION agentry._subject_condition(regclass, name, text) IS 'SQL condition that a column names a subject.';
