-- _default_org_id() -> uuid: the default organisation, to which changes of tables of the whole database are logged
CREATE OR REPLACE FUNCTION agentry._default_org_id()
RETURNS uuid
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_default_org_id$
    SELECT o.id FROM agentry.organizations AS o WHERE o.is_default
$_default_org_id$;

COMMENT ON FUNCTION agentry._default_org_id() IS 'Id of the default organisation.';
