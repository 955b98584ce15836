-- _check_recall(limit, now): refuses what recall() cannot answer
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_memory._check_recall(p_limit integer, p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_check_recall$
BEGIN
    IF coalesce(p_limit NOT BETWEEN 1 AND 1000 OR p_now IS NULL, true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'limit or time is out of range',
            DETAIL  = format('limit: %s, now: %s', p_limit, p_now),
            HINT    = 'A limit is 1 to 1000; the time is by default that of the transaction.';
    END IF;
END;
$_check_recall$;

COMMENT ON FUNCTION agentry_memory._check_recall(integer, timestamptz) IS
    'Refuses a limit or a time that agentry_memory.recall() cannot answer.';
