-- _audit_hash(hash before, entry) -> bytea: the link of the chain for an entry of agentry.audit_log, as jsonb
CREATE OR REPLACE FUNCTION agentry._audit_hash(p_before bytea, p_entry jsonb)
RETURNS bytea
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_audit_hash$
    SELECT sha256(coalesce(p_before, '') || convert_to(p_entry::text, 'UTF8'))
$_audit_hash$;

COMMENT ON FUNCTION agentry._audit_hash(bytea, jsonb) IS
    'The next hash of a chain: SHA-256 of the hash before and the entry.';
