-- _terms(language, seed, text, tags, source) -> length, terms, frequencies
-- How the index has a text: its words, counted, as hashes; then its tags and its source, so that these are found and
-- counted in the same way.  The seed is the hash of organisation and owner.  Without a SET clause, so that it is
-- inlined where it runs once a row.
CREATE OR REPLACE FUNCTION agentry_memory._terms(
    p_language regconfig, p_seed bigint, p_text text, p_tags text[], p_source_id integer
)
RETURNS TABLE (length integer, terms bigint[], frequencies smallint[])
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
ROWS 1
AS $_terms$
    SELECT w.length,
           w.terms
           OPERATOR(pg_catalog.||) CASE
               WHEN pg_catalog.cardinality(p_tags) OPERATOR(pg_catalog.>) 0
                   THEN ARRAY(SELECT agentry_memory._tag_term(p_seed, t.tag) FROM pg_catalog.unnest(p_tags) AS t (tag))
               ELSE '{}' END
           OPERATOR(pg_catalog.||) agentry_memory._source_term(p_seed, p_source_id),
           CASE WHEN w.frequencies IS NOT NULL
                THEN w.frequencies OPERATOR(pg_catalog.||) pg_catalog.array_fill(
                         1::pg_catalog.int2, ARRAY[pg_catalog.cardinality(p_tags) OPERATOR(pg_catalog.+) 1]) END
    FROM (
        SELECT coalesce(pg_catalog.sum(pg_catalog.cardinality(u.positions)), 0)::pg_catalog.int4,
               coalesce(pg_catalog.array_agg(pg_catalog.hashtextextended(u.lexeme, p_seed)), '{}'),
               CASE WHEN pg_catalog.max(pg_catalog.cardinality(u.positions)) OPERATOR(pg_catalog.>) 1
                    THEN pg_catalog.array_agg(least(pg_catalog.cardinality(u.positions), 255)::pg_catalog.int2) END
        FROM pg_catalog.unnest(agentry_memory._lexemes(p_language, p_text)) AS u
    ) AS w (length, terms, frequencies)
$_terms$;

COMMENT ON FUNCTION agentry_memory._terms(regconfig, bigint, text, text[], integer) IS
    'How the semantic index has a text: its words, counted, as hashes, its tags and its source.';
