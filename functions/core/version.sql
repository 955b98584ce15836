-- version() -> text
CREATE OR REPLACE FUNCTION agentry.version()
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $version$
    SELECT agentry._source_version()
$version$;

COMMENT ON FUNCTION agentry.version() IS 'Version of the installed code, such as 1.2.0 (semantic versioning).';
