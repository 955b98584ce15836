-- set_setting(name, value) -> void
-- Sets a setting of the caller's organisation; NULL goes back to the default.  For those whom agentry.access_rules let
-- write agentry.settings.  Raises undefined_object, invalid_parameter_value, insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry.set_setting(p_name text, p_value jsonb)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $set_setting$
DECLARE
    v_org_id uuid := (agentry._caller()).org_id;
BEGIN
    PERFORM agentry._setting(v_org_id, p_name);
    IF p_value IS NULL THEN
        DELETE FROM agentry.settings AS s WHERE s.org_id = v_org_id AND s.name = p_name;
    ELSE
        INSERT INTO agentry.settings AS s (org_id, name, value)
        VALUES (v_org_id, p_name, p_value)
        ON CONFLICT (org_id, name) DO UPDATE SET value = excluded.value;
    END IF;
END;
$set_setting$;

COMMENT ON FUNCTION agentry.set_setting(text, jsonb) IS
    'Sets a setting of the organisation of whoever is asking; NULL goes back to the default.  For applications and '
    'administrators.  Raises undefined_object, invalid_parameter_value, insufficient_privilege.';
