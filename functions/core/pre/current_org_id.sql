-- current_org_id() -> uuid
-- Id of the organisation of whoever is asking; NULL is nobody.  In a policy write (SELECT agentry.current_org_id()):
-- then it runs once a statement.
CREATE OR REPLACE FUNCTION agentry.current_org_id()
RETURNS uuid
LANGUAGE plpgsql
STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $current_org_id$
BEGIN
    RETURN (agentry._me()).org_id;
END;
$current_org_id$;

COMMENT ON FUNCTION agentry.current_org_id() IS 'Id of the organisation of whoever is asking; NULL is nobody.';
