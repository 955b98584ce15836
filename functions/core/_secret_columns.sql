-- _secret_columns() -> text[]: columns of which the audit keeps no more than a hash
CREATE OR REPLACE FUNCTION agentry._secret_columns()
RETURNS text[]
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_secret_columns$
    SELECT '{hashed_password,key_hash,token_hash}'::text[]
$_secret_columns$;

COMMENT ON FUNCTION agentry._secret_columns() IS 'Columns of which the audit keeps no more than a hash.';
