-- sees_organisation() -> boolean
-- Whether whoever is asking reads every row of the organisation: applications, readers and administrators, while they
-- do not act as an agent.
CREATE OR REPLACE FUNCTION agentry.sees_organisation()
RETURNS boolean
LANGUAGE plpgsql
STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $sees_organisation$
BEGIN
    RETURN coalesce((agentry._me()).kind IN ('app', 'reader', 'admin'), false);
END;
$sees_organisation$;

COMMENT ON FUNCTION agentry.sees_organisation() IS
    'Whether whoever is asking reads all of the organisation: applications, readers, administrators.';
