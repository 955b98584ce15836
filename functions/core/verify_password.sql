-- verify_password(user, password) -> boolean
-- Whether the password is the user's; false too for an inactive user and for one without a bcrypt hash.  Needs
-- pgcrypto.  For the user, applications and administrators.  Raises insufficient_privilege, undefined_object,
-- feature_not_supported.
CREATE OR REPLACE FUNCTION agentry.verify_password(p_user text, p_password text)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $verify_password$
DECLARE
    v_user record;
    v_same boolean;
BEGIN
    SELECT * INTO v_user FROM agentry._user_of_password(p_user);
    IF NOT v_user.is_active OR coalesce(v_user.hashed_password !~ '^\$2[abxy]\$', true) THEN
        RETURN false;
    END IF;
    EXECUTE format('SELECT %s.crypt($1, $2) = $2', agentry._schema_of_pgcrypto())
    INTO v_same USING p_password, v_user.hashed_password;
    RETURN coalesce(v_same, false);
END;
$verify_password$;

COMMENT ON FUNCTION agentry.verify_password(text, text) IS
    'Whether the password is that of the user (bcrypt, needs pgcrypto); false for an inactive user and one without '
    'such a hash.  For the user, applications and administrators.  Raises insufficient_privilege, undefined_object, '
    'feature_not_supported.';
