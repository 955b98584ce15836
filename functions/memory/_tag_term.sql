-- _tag_term(seed, tag) -> bigint
-- A tag as a term; no word of the same letters is it.  Without a SET clause, so that it is inlined.
CREATE OR REPLACE FUNCTION agentry_memory._tag_term(p_seed bigint, p_tag text)
RETURNS bigint
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $_tag_term$
    SELECT pg_catalog.hashtextextended(p_tag, pg_catalog.hashint8extended(p_seed, 1))
$_tag_term$;

COMMENT ON FUNCTION agentry_memory._tag_term(bigint, text) IS 'A tag as a term of the semantic index.';
