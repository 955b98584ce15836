-- _fetch_query(source, table) -> text
-- The query for a row of a source as a JSON object of the columns that the role may read.  $1: organisation, $2: id.
CREATE OR REPLACE FUNCTION agentry_memory._fetch_query(p_source_id integer, p_table regclass)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_fetch_query$
    SELECT format(
               'SELECT to_jsonb(r) FROM (SELECT %s FROM %s AS t WHERE t.org_id = $1 AND (%s) = $2::%s LIMIT 1) AS r',
               (SELECT string_agg(format('t.%I', a.attname), ', ' ORDER BY a.attnum)
                FROM pg_attribute AS a
                WHERE a.attrelid = s.table_name
                  AND a.attnum > 0
                  AND NOT a.attisdropped
                  AND has_column_privilege(s.table_name, a.attnum, 'SELECT')),
               p_table, s.expressions ->> 'id', s.id_type)
    FROM agentry_memory.memory_sources AS s
    WHERE s.source_id = p_source_id
$_fetch_query$;

COMMENT ON FUNCTION agentry_memory._fetch_query(integer, regclass) IS
    'The query for a row of a source as a JSON object of the columns that the role may read.';
