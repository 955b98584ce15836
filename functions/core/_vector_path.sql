-- _vector_path() -> text
-- The search_path of functions that use the types and operators of pgvector, which may stand in any schema.
-- Raises feature_not_supported where it is not installed.
CREATE OR REPLACE FUNCTION agentry._vector_path()
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_vector_path$
DECLARE
    v_schema name := (SELECT n.nspname
                      FROM pg_extension AS e
                      JOIN pg_namespace AS n ON n.oid = e.extnamespace
                      WHERE e.extname = 'vector');
BEGIN
    IF v_schema IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'extension vector (pgvector) is not installed in this database',
            HINT    = 'CREATE EXTENSION vector;';
    END IF;
    RETURN format('pg_catalog, %I, pg_temp', v_schema);
END;
$_vector_path$;

COMMENT ON FUNCTION agentry._vector_path() IS
    'The search_path of functions that use the types and operators of pgvector.';
