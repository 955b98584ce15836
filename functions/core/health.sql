-- health() -> name, status, detail
-- Runs every check of agentry.health_checks.  A check that fails to run is critical itself.  For applications, readers
-- and administrators.  Reads only.
-- Raises insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry.health()
RETURNS TABLE (name text, status text, detail text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $health$
#variable_conflict use_column
DECLARE
    v_check record;
BEGIN
    IF (agentry._caller()).kind NOT IN ('app', 'reader', 'admin') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'the health of the database is for applications, readers and administrators',
            DETAIL  = format('You are %s.', concat_ws(' ', (agentry._caller()).kind, (agentry._caller()).agent)),
            HINT    = 'Ask one of them.';
    END IF;
    FOR v_check IN SELECT h.name, h.query FROM agentry.health_checks AS h ORDER BY h.name COLLATE "C" LOOP
        name := v_check.name;
        BEGIN
            EXECUTE v_check.query INTO STRICT status, detail;
            IF status IS NULL OR status NOT IN ('ok', 'warning', 'critical') THEN
                detail := format('the check gave status %s: %s', coalesce(quote_literal(status), 'NULL'), detail);
                status := 'critical';
            END IF;
        EXCEPTION
            WHEN OTHERS THEN
                status := 'critical';
                detail := format('the check failed: %s (%s)', SQLERRM, SQLSTATE);
        END;
        RETURN NEXT;
    END LOOP;
END;
$health$;

COMMENT ON FUNCTION agentry.health() IS
    'Runs every check of agentry.health_checks: status is ok, warning or critical.  For applications, readers and '
    'administrators.  Raises insufficient_privilege.';
