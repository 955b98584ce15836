-- _closest(word, candidates) -> text
-- The candidate whose trigrams are most like the word's (as pg_trgm counts them), from 0.3 on; NULL where none is.
CREATE OR REPLACE FUNCTION agentry._closest(p_word text, p_candidates text[])
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_closest$
    WITH word AS (
        SELECT DISTINCT substr('  ' || lower(p_word) || ' ', i, 3) AS trigram
        FROM generate_series(1, length(p_word) + 1) AS i
    ), candidate AS (
        SELECT DISTINCT c AS name, substr('  ' || lower(c) || ' ', i, 3) AS trigram
        FROM unnest(p_candidates) AS c, generate_series(1, length(c) + 1) AS i
    ), likeness AS (
        SELECT c.name,
               count(w.trigram)::numeric / (count(*) + (SELECT count(*) FROM word) - count(w.trigram)) AS likeness
        FROM candidate AS c
        LEFT JOIN word AS w USING (trigram)
        GROUP BY c.name
    )
    SELECT l.name FROM likeness AS l WHERE l.likeness >= 0.3 ORDER BY l.likeness DESC, l.name COLLATE "C" LIMIT 1
$_closest$;

COMMENT ON FUNCTION agentry._closest(text, text[]) IS
    'The candidate most like a mistyped word, by trigrams; NULL where none is near.';
