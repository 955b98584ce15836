-- _drop_keys(keys): drops foreign keys that _keys_into() found
CREATE OR REPLACE FUNCTION agentry._drop_keys(p_keys jsonb)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_drop_keys$
DECLARE
    v_key jsonb;
BEGIN
    FOR v_key IN SELECT jsonb_array_elements(p_keys) LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', v_key ->> 'table', v_key ->> 'name');
    END LOOP;
END;
$_drop_keys$;

COMMENT ON FUNCTION agentry._drop_keys(jsonb) IS 'Drops foreign keys for a moment; _restore_keys() makes them again.';
