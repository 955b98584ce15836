-- set_password(user [, password, hash]) -> void
-- Sets a user's password: hashed here by bcrypt, which needs pgcrypto, or as a hash that the client made.  For the
-- user, applications and administrators.
-- Raises insufficient_privilege, undefined_object, invalid_parameter_value, feature_not_supported.
CREATE OR REPLACE FUNCTION agentry.set_password(p_user text, p_password text DEFAULT NULL, p_hash text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $set_password$
DECLARE
    v_user record;
    v_hash text := p_hash;
BEGIN
    SELECT * INTO v_user FROM agentry._user_of_password(p_user);
    IF (p_password IS NULL) = (p_hash IS NULL) OR p_password = '' OR octet_length(p_password) > 72
       OR p_hash !~ '^\$[a-z0-9]+\$' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'that is neither a password nor a hash',
            DETAIL  = 'bcrypt takes 1 to 72 bytes; a hash is in modular crypt format, such as $2b$... or $argon2id$...',
            HINT    = 'Pass either p_password or p_hash.';
    END IF;
    IF p_password IS NOT NULL THEN
        EXECUTE format('SELECT %1$s.crypt($1, %1$s.gen_salt(''bf'', 12))', agentry._schema_of_pgcrypto())
        INTO v_hash USING p_password;
    END IF;
    UPDATE agentry.users AS u SET hashed_password = v_hash WHERE u.org_id = v_user.org_id AND u.id = v_user.id;
END;
$set_password$;

COMMENT ON FUNCTION agentry.set_password(text, text, text) IS
    'Sets a user''s password: bcrypt of p_password (1 to 72 bytes, needs pgcrypto), or p_hash as the client made it.  '
    'For the user, applications and administrators.  Raises insufficient_privilege, undefined_object, '
    'invalid_parameter_value, feature_not_supported.';
