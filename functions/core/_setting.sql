-- _setting(organisation, name) -> jsonb: the value of a setting, else its default
-- Raises undefined_object.
CREATE OR REPLACE FUNCTION agentry._setting(p_org_id uuid, p_name text)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_setting$
DECLARE
    v_value jsonb;
BEGIN
    SELECT coalesce(s.value, t.default_value)
    INTO v_value
    FROM agentry.setting_types AS t
    LEFT JOIN agentry.settings AS s ON s.org_id = p_org_id AND s.name = t.name
    WHERE t.name = p_name;
    IF v_value IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('setting %s does not exist', coalesce(quote_literal(p_name), 'NULL')),
            HINT    = coalesce('Did you mean ' || agentry._closest(
                                  p_name, ARRAY(SELECT t.name FROM agentry.setting_types AS t)) || '?  ', '')
                      || 'Settings are listed in agentry.v_settings.';
    END IF;
    RETURN v_value;
END;
$_setting$;

COMMENT ON FUNCTION agentry._setting(uuid, text) IS 'The value of a setting in an organisation, else its default.';
