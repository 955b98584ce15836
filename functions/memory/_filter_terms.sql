-- _filter_terms(seed, tags, source) -> bigint[]
-- The terms of an entry's tags and source.  Without a SET clause, so that it is inlined where it runs once a row.
CREATE OR REPLACE FUNCTION agentry_memory._filter_terms(p_seed bigint, p_tags text[], p_source_id integer)
RETURNS bigint[]
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $_filter_terms$
    SELECT CASE WHEN pg_catalog.cardinality(p_tags) OPERATOR(pg_catalog.>) 0
                THEN ARRAY(SELECT agentry_memory._tag_term(p_seed, t.tag) FROM pg_catalog.unnest(p_tags) AS t (tag))
                ELSE '{}' END
           OPERATOR(pg_catalog.||) agentry_memory._source_term(p_seed, p_source_id)
$_filter_terms$;

COMMENT ON FUNCTION agentry_memory._filter_terms(bigint, text[], integer) IS
    'The terms of an entry''s tags and source.';
