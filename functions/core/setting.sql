-- setting(name) -> jsonb
-- The value of a setting in the caller's organisation, else its default.  Raises undefined_object for an unknown name.
CREATE OR REPLACE FUNCTION agentry.setting(p_name text)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $setting$
BEGIN
    RETURN agentry._setting((agentry._caller()).org_id, p_name);
END;
$setting$;

COMMENT ON FUNCTION agentry.setting(text) IS
    'The value of a setting in the organisation of whoever is asking, else its default.  Raises undefined_object.';
