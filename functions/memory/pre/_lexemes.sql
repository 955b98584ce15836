-- _lexemes(language, text) -> tsvector
-- The words of a text as they are indexed and searched: normalised by a text search configuration; where there are no
-- blanks between words, pairs of characters.  Of very long texts the first 100,000 characters.  Without a SET clause,
-- so that it is inlined where it runs once a row.
CREATE OR REPLACE FUNCTION agentry_memory._lexemes(p_language regconfig, p_text text)
RETURNS tsvector
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $_lexemes$
    SELECT CASE
               -- most texts are ASCII alone
               WHEN pg_catalog.octet_length(p_text) OPERATOR(pg_catalog.=) pg_catalog.length(p_text)
                    OR p_text OPERATOR(pg_catalog.!~) agentry_memory._unspaced()
                   THEN pg_catalog.to_tsvector(p_language, pg_catalog.left(p_text, 100000))
               ELSE agentry_memory._mixed_lexemes(p_language, pg_catalog.left(p_text, 100000))
           END
$_lexemes$;

COMMENT ON FUNCTION agentry_memory._lexemes(regconfig, text) IS
    'The words of a text as they are indexed and searched.';
