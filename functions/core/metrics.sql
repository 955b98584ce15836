-- metrics() -> name, label, value, unit
-- Reads every metric of agentry.metrics, over all organisations.  For applications, readers and administrators.  Reads only.
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
            HINT    = 'Ask one of them.';
    END IF;
    FOR v_metric IN SELECT m.name, m.query, m.unit FROM agentry.metrics AS m ORDER BY m.name COLLATE "C" LOOP
        FOR label, value IN EXECUTE v_metric.query LOOP
            name := v_metric.name;
            unit := v_metric.unit;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END;
$metrics$;

COMMENT ON FUNCTION agentry.metrics() IS
    'Reads every metric of agentry.metrics: name, label (NULL where it has one value only), value, unit.  For applications, '
    'readers and administrators.  Raises insufficient_privilege.';
