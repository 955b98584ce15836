-- _setting_in_range(value, type, minimum, maximum) -> boolean: whether an integer or interval is one, and in its range
CREATE OR REPLACE FUNCTION agentry._setting_in_range(p_value text, p_type text, p_minimum text, p_maximum text)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_setting_in_range$
BEGIN
    -- pg_input_is_valid() remembers the type of its first call where that is a variable
    RETURN CASE
        WHEN p_type = 'json' THEN true
        WHEN p_type = 'integer' AND pg_input_is_valid(p_value, 'integer') THEN
            p_value::integer BETWEEN coalesce(p_minimum, p_value)::integer AND coalesce(p_maximum, p_value)::integer
        WHEN p_type = 'interval' AND pg_input_is_valid(p_value, 'interval') THEN
            p_value::interval BETWEEN coalesce(p_minimum, p_value)::interval AND coalesce(p_maximum, p_value)::interval
        ELSE false
    END;
END;
$_setting_in_range$;

COMMENT ON FUNCTION agentry._setting_in_range(text, text, text, text) IS
    'Whether the value of a setting of type integer or interval is one and in its range.';
