-- _source_ids(names) -> integer[]: ids of sources
-- Raises undefined_object.
CREATE OR REPLACE FUNCTION agentry_memory._source_ids(p_names text[])
RETURNS integer[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_source_ids$
    SELECT ARRAY(SELECT (agentry_memory._source(n.name)).source_id FROM unnest(p_names) AS n (name))
$_source_ids$;

COMMENT ON FUNCTION agentry_memory._source_ids(text[]) IS 'Ids of sources.';
