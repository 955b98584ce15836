-- _audit_digest(row) -> bytea: SHA-256 of a row's image; jsonb prints equal rows equally
CREATE OR REPLACE FUNCTION agentry._audit_digest(p_row jsonb)
RETURNS bytea
LANGUAGE sql
IMMUTABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $_audit_digest$
    SELECT sha256(convert_to(p_row::text, 'UTF8'))
$_audit_digest$;

COMMENT ON FUNCTION agentry._audit_digest(jsonb) IS 'SHA-256 of the image of a row.';
