-- _source_term(seed, source) -> bigint
-- A source as a term.  Without a SET clause, so that it is inlined.
CREATE OR REPLACE FUNCTION agentry_memory._source_term(p_seed bigint, p_source_id integer)
RETURNS bigint
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $_source_term$
    SELECT pg_catalog.hashint4extended(p_source_id, pg_catalog.hashint8extended(p_seed, 2))
$_source_term$;

COMMENT ON FUNCTION agentry_memory._source_term(bigint, integer) IS 'A source as a term of the semantic index.';
