-- _audit_image(row) -> jsonb: the image that the audit keeps: of a password or key not even the hash, but that hash's
-- hash
CREATE OR REPLACE FUNCTION agentry._audit_image(p_row jsonb)
RETURNS jsonb
LANGUAGE sql
IMMUTABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $_audit_image$
    SELECT p_row || coalesce(
        (SELECT jsonb_object_agg(k, encode(sha256(convert_to(p_row ->> k, 'UTF8')), 'hex'))
         FROM unnest(agentry._secret_columns()) AS k
         WHERE p_row ->> k IS NOT NULL), '{}')
$_audit_image$;

COMMENT ON FUNCTION agentry._audit_image(jsonb) IS 'A row as the audit keeps it, secrets replaced by hashes.';
