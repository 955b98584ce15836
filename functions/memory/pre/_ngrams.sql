-- _ngrams(text) -> text
-- The words of scripts that put no blanks between them, for the index: of each run of such characters every two that
-- stand together, and each Chinese character alone, with blanks between; NULL where there are none.
CREATE OR REPLACE FUNCTION agentry_memory._ngrams(p_text text)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $_ngrams$
    SELECT string_agg(g.gram, ' ' ORDER BY r.n, c.n, length(g.gram))
    FROM regexp_matches(p_text, agentry_memory._unspaced() || '+', 'g') WITH ORDINALITY AS r (run, n)
    CROSS JOIN LATERAL generate_series(1, length(r.run[1])) AS c (n)
    CROSS JOIN LATERAL (
        SELECT substr(r.run[1], c.n, 2)
        WHERE c.n < length(r.run[1]) OR c.n = 1
        UNION
        SELECT substr(r.run[1], c.n, 1)
        WHERE substr(r.run[1], c.n, 1) ~ '[\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\U00020000-\U0003FFFF]'
    ) AS g (gram)
$_ngrams$;

COMMENT ON FUNCTION agentry_memory._ngrams(text) IS
    'Pairs of characters of scripts that put no blanks between words, and Chinese characters alone.';
