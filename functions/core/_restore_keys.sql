-- _restore_keys(keys): makes foreign keys again that _drop_keys() dropped, with their comments
CREATE OR REPLACE FUNCTION agentry._restore_keys(p_keys jsonb)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_restore_keys$
DECLARE
    v_key jsonb;
BEGIN
    FOR v_key IN SELECT jsonb_array_elements(p_keys) LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s',
                       v_key ->> 'table', v_key ->> 'name', v_key ->> 'definition');
        IF v_key ->> 'comment' IS NOT NULL THEN
            EXECUTE format('COMMENT ON CONSTRAINT %I ON %s IS %L',
                           v_key ->> 'name', v_key ->> 'table', v_key ->> 'comment');
        END IF;
    END LOOP;
END;
$_restore_keys$;

COMMENT ON FUNCTION agentry._restore_keys(jsonb) IS 'Makes foreign keys again that _drop_keys() dropped.';
