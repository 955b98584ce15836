CREATE OR REPLACE VIEW agentry.v_settings
WITH (security_invoker = true) AS
SELECT t.name, coalesce(s.value, t.default_value) AS value, t.default_value, t.allowed, t.description
FROM agentry.setting_types AS t
LEFT JOIN agentry.settings AS s ON s.name = t.name AND s.org_id = (SELECT agentry.current_org_id());

COMMENT ON VIEW agentry.v_settings IS 'Every setting with its value in the organisation of whoever is asking.';
COMMENT ON COLUMN agentry.v_settings.name IS 'Name: module.setting.';
COMMENT ON COLUMN agentry.v_settings.value IS 'Value in force.';
COMMENT ON COLUMN agentry.v_settings.default_value IS 'Value where none is set.';
COMMENT ON COLUMN agentry.v_settings.allowed IS 'The allowed values; NULL: any of the type.';
COMMENT ON COLUMN agentry.v_settings.description IS 'Meaning, unit and range.';
