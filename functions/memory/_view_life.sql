-- _view_life(organisation, life) -> interval: how long a view lives [the setting memory.view_life]
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_memory._view_life(p_org_id uuid, p_life interval)
RETURNS interval
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_view_life$
BEGIN
    IF p_life <= interval '0' OR p_life > interval '10 years' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a view cannot live that long',
            DETAIL  = format('got: %s', p_life),
            HINT    = 'It is an interval above 0, at most 10 years; NULL is the setting memory.view_life.';
    END IF;
    RETURN coalesce(p_life, (agentry._setting(p_org_id, 'memory.view_life') #>> '{}')::interval);
END;
$_view_life$;

COMMENT ON FUNCTION agentry_memory._view_life(uuid, interval) IS
    'How long a view lives, by default as the setting memory.view_life says.';
