-- _kept_sql(rows, entry) -> text
-- The query for the row among some, a query as in memory_sources.query, that an entry stands for: one that belongs to
-- somebody and has a text.
CREATE OR REPLACE FUNCTION agentry_memory._kept_sql(p_rows text, p_entry name)
RETURNS text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $_kept_sql$
    SELECT format('SELECT FROM (%1$s) AS k WHERE k.org_id = %2$I.org_id AND k.row_id = %2$I.row_id '
                  'AND k.owner_id IS NOT NULL AND btrim(k.content, E'' \t\r\n'') <> ''''', p_rows, p_entry)
$_kept_sql$;

COMMENT ON FUNCTION agentry_memory._kept_sql(text, name) IS
    'The query for the row that an entry of the semantic index stands for.';
