-- _schema_of_pgcrypto() -> text: the schema of the pgcrypto extension, quoted
-- Raises feature_not_supported where it is not installed.
CREATE OR REPLACE FUNCTION agentry._schema_of_pgcrypto()
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_schema_of_pgcrypto$
DECLARE
    v_schema text := (SELECT e.extnamespace::regnamespace::text FROM pg_extension AS e WHERE e.extname = 'pgcrypto');
BEGIN
    IF v_schema IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'passwords are hashed here by extension pgcrypto, which is not installed',
            HINT    = 'CREATE EXTENSION pgcrypto; or hash in the client and pass p_hash to agentry.set_password().';
    END IF;
    RETURN v_schema;
END;
$_schema_of_pgcrypto$;

COMMENT ON FUNCTION agentry._schema_of_pgcrypto() IS
    'The schema of extension pgcrypto; refuses where it is not installed.';
