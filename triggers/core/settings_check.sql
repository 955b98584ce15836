-- A setting has the type of its default, one of the allowed values, and is in its range.
CREATE OR REPLACE FUNCTION agentry._settings_check()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_settings_check$
DECLARE
    v_type record;
BEGIN
    SELECT t.default_value, t.allowed, t.description, t.type, t.minimum, t.maximum
    INTO v_type
    FROM agentry.setting_types AS t
    WHERE t.name = NEW.name;
    -- an unknown name is left to the foreign key
    IF jsonb_typeof(v_type.default_value) <> jsonb_typeof(NEW.value)
       OR NOT v_type.allowed @> jsonb_build_array(NEW.value)
       OR v_type.type IS NOT NULL
       AND NOT agentry._setting_in_range(NEW.value #>> '{}', v_type.type, v_type.minimum, v_type.maximum) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('setting %s cannot be %s', NEW.name, NEW.value),
            DETAIL  = v_type.description,
            HINT    = coalesce('Allowed: ' || v_type.allowed::text || '.',
                               format('It is a JSON %s, such as %s%s%s.',
                                      jsonb_typeof(v_type.default_value), v_type.default_value,
                                      ', from ' || v_type.minimum, ' to ' || v_type.maximum));
    END IF;
    RETURN NEW;
END;
$_settings_check$;

COMMENT ON FUNCTION agentry._settings_check() IS 'Refuses values that a setting does not allow.';

-- install
CREATE OR REPLACE TRIGGER settings_check
    BEFORE INSERT OR UPDATE ON agentry.settings
    FOR EACH ROW EXECUTE FUNCTION agentry._settings_check();
