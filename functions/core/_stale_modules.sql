-- _stale_modules() -> module, reason: modules whose tables were not made by the code that is here
CREATE OR REPLACE FUNCTION agentry._stale_modules()
RETURNS TABLE (module text, reason text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_stale_modules$
DECLARE
    v_row      record;
    v_version  text;
    v_checksum text;
BEGIN
    FOR v_row IN
        SELECT m.module, m.schema, i.version, i.checksum
        FROM agentry._modules() AS m
        LEFT JOIN agentry.installed_modules AS i ON i.module = m.module
        ORDER BY m.position
    LOOP
        EXECUTE format('SELECT %I._source_version(), %1$I._source_checksum()', v_row.schema)
        INTO v_version, v_checksum;
        module := v_row.module;
        reason := CASE
            WHEN v_row.version IS NULL THEN 'has no tables'
            WHEN v_row.version <> v_version THEN format('has tables of %s', v_row.version)
            WHEN v_row.checksum <> v_checksum THEN 'has tables of other sources of the same version'
        END;
        IF reason IS NOT NULL THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END;
$_stale_modules$;

COMMENT ON FUNCTION agentry._stale_modules() IS 'Modules whose tables were not made by the code that is here, and why.';
