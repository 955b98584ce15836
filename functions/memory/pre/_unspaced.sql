-- _unspaced() -> text
-- The characters of scripts that put no blanks between words, as a class of a regular expression: Thai, Lao, Burmese,
-- Khmer, Chinese and Japanese.  Without a SET clause, so that it becomes a constant of whatever calls it.
CREATE OR REPLACE FUNCTION agentry_memory._unspaced()
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $_unspaced$
    SELECT '[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u2E80-\u2FDF\u3005-\u3007\u3021-\u3029\u3038-\u30FF\u31F0-\u31FF'
           '\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\uFF66-\uFF9F\U00020000-\U0003FFFF]'
$_unspaced$;

COMMENT ON FUNCTION agentry_memory._unspaced() IS
    'The characters of scripts that put no blanks between words, as a class of a regular expression.';
