-- _subject_digest(value) -> bytea: SHA-256 of a name, keyed with a secret of this database, so that nobody can guess it
CREATE OR REPLACE FUNCTION agentry._subject_digest(p_value text)
RETURNS bytea
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_subject_digest$
    SELECT sha256(s.value || convert_to(p_value, 'UTF8')) FROM agentry.secrets AS s WHERE s.name = 'receipt'
$_subject_digest$;

COMMENT ON FUNCTION agentry._subject_digest(text) IS 'Keyed SHA-256 of a name, for receipts.';
