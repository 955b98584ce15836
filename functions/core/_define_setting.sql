-- _define_setting(name, default, description [, allowed]): declares a setting; modules call it at install
CREATE OR REPLACE FUNCTION agentry._define_setting(
    p_name        text,
    p_default     jsonb,
    p_description text,
    p_allowed     jsonb DEFAULT NULL
)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_define_setting$
    INSERT INTO agentry.setting_types AS t (name, default_value, description, allowed)
    VALUES (p_name, p_default, p_description, p_allowed)
    ON CONFLICT (name) DO UPDATE
    SET default_value = excluded.default_value, description = excluded.description, allowed = excluded.allowed
$_define_setting$;

COMMENT ON FUNCTION agentry._define_setting(text, jsonb, text, jsonb) IS
    'Declares a setting; modules call it at install.';
