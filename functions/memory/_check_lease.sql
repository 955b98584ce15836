-- _check_lease(lease) -> void
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_memory._check_lease(p_lease interval)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_check_lease$
BEGIN
    IF coalesce(p_lease NOT BETWEEN interval '1 second' AND interval '1 day', true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'lease is out of range',
            DETAIL  = format('got: %s', coalesce(p_lease::text, 'NULL')),
            HINT    = 'A lease is 1 second to 1 day.';
    END IF;
END;
$_check_lease$;

COMMENT ON FUNCTION agentry_memory._check_lease(interval) IS 'Refuses a lease that is out of range.';
