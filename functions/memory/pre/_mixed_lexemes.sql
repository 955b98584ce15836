-- _mixed_lexemes(language, text) -> tsvector: the words of a text some of which is in a script without blanks
CREATE OR REPLACE FUNCTION agentry_memory._mixed_lexemes(p_language regconfig, p_text text)
RETURNS tsvector
LANGUAGE sql
IMMUTABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $_mixed_lexemes$
    SELECT to_tsvector(p_language, regexp_replace(p_text, agentry_memory._unspaced() || '+', ' ', 'g'))
           || to_tsvector('simple', coalesce(agentry_memory._ngrams(p_text), ''))
$_mixed_lexemes$;

COMMENT ON FUNCTION agentry_memory._mixed_lexemes(regconfig, text) IS
    'The words of a text some of which is in a script without blanks between words.';
