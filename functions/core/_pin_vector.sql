-- _pin_vector(schema): gives the functions of a module that use pgvector the search_path where it is
-- Their files say public, where it most often is.
CREATE OR REPLACE FUNCTION agentry._pin_vector(p_schema name)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_pin_vector$
DECLARE
    v_path     text := agentry._vector_path();
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid
        FROM pg_proc AS p, unnest(p.proconfig) AS c (setting)
        WHERE p.pronamespace = p_schema::regnamespace
          AND c.setting LIKE 'search\_path=%'
          AND c.setting NOT IN ('search_path=pg_catalog, pg_temp', 'search_path=' || v_path)
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %s', v_function, v_path);
    END LOOP;
END;
$_pin_vector$;

COMMENT ON FUNCTION agentry._pin_vector(name) IS
    'Gives the functions of a module that use pgvector the search_path where it is.';
