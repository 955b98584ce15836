-- metrics() -> name, label, value, unit
-- Reads every metric of agentry.metrics, over all organisations.  One that fails gives a value of NULL and a warning.
-- For applications, readers and administrators.  Reads only.
-- Raises insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry.metrics()
RETURNS TABLE (name text, label text, value numeric, unit text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $metrics$
#variable_conflict use_column
DECLARE
    v_metric record;
BEGIN
    IF (agentry._caller()).kind NOT IN ('app', 'reader', 'admin') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'metrics are for applications, readers and administrators',
            DETAIL  = format('You are %s.', concat_ws(' ', (agentry._caller()).kind, (agentry._caller()).agent)),
            HINT    = 'Ask one of them.';
    END IF;
    FOR v_metric IN SELECT m.name, m.query, m.unit FROM agentry.metrics AS m ORDER BY m.name COLLATE "C" LOOP
        name := v_metric.name;
        unit := v_metric.unit;
        BEGIN
            FOR label, value IN EXECUTE v_metric.query LOOP
                RETURN NEXT;
            END LOOP;
        EXCEPTION
            WHEN OTHERS THEN
                RAISE WARNING USING
                    ERRCODE = SQLSTATE,
                    MESSAGE = format('metric %s failed', v_metric.name),
                    DETAIL  = SQLERRM,
                    HINT    = 'Its query stands in agentry.metrics.';
                label := NULL;
                value := NULL;
                RETURN NEXT;
        END;
    END LOOP;
END;
$metrics$;

COMMENT ON FUNCTION agentry.metrics() IS
    'Reads every metric of agentry.metrics: name, label (NULL where it has one value only), value (NULL, with a '
    'warning, where it cannot be read), unit.  For applications, readers and administrators.  Raises '
    'insufficient_privilege.';
