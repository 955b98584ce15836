-- _define_setting(name, default, description [, allowed, type, minimum, maximum])
-- Declares a setting; modules call it at install.
CREATE OR REPLACE FUNCTION agentry._define_setting(
    p_name        text,
    p_default     jsonb,
    p_description text,
    p_allowed     jsonb DEFAULT NULL,
    p_type        text  DEFAULT 'json',
    p_minimum     text  DEFAULT NULL,
    p_maximum     text  DEFAULT NULL
)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_define_setting$
    INSERT INTO agentry.setting_types AS t (name, default_value, description, allowed, type, minimum, maximum)
    VALUES (p_name, p_default, p_description, p_allowed, p_type, p_minimum, p_maximum)
    ON CONFLICT (name) DO UPDATE
    SET default_value = excluded.default_value, description = excluded.description, allowed = excluded.allowed,
        type = excluded.type, minimum = excluded.minimum, maximum = excluded.maximum
$_define_setting$;

COMMENT ON FUNCTION agentry._define_setting(text, jsonb, text, jsonb, text, text, text) IS
    'Declares a setting; modules call it at install.';
