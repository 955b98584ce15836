-- estimate_tokens(text) -> integer
-- How many tokens a text is for a language model, about: one for each Chinese, Japanese or Korean character, and one
-- for each four bytes of the rest, rounded up.
CREATE OR REPLACE FUNCTION agentry.estimate_tokens(p_text text)
RETURNS integer
LANGUAGE sql
IMMUTABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $estimate_tokens$
    SELECT CASE
               WHEN octet_length(p_text) = length(p_text) THEN (octet_length(p_text) + 3) / 4
               ELSE (SELECT (octet_length(r.text) + 3) / 4 + length(p_text) - length(r.text)
                     FROM regexp_replace(
                         p_text,
                         '[\u1100-\u11FF\u2E80-\u2FDF\u3005-\u3007\u3021-\u3029\u3038-\u30FF\u3130-\u318F\u31F0-\u31FF'
                         '\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF\uFF66-\uFFDC\U00020000-\U0003FFFF]+',
                         '', 'g') AS r (text))
           END
$estimate_tokens$;

COMMENT ON FUNCTION agentry.estimate_tokens(text) IS
    'About how many tokens of a language model a text is: one a Chinese, Japanese or Korean character, and one for '
    'each four bytes of the rest, rounded up.';
