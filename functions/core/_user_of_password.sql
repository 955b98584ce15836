-- _user_of_password(user) -> org_id, id, is_active, hashed_password: a user whose password the caller may set and check
-- Raises insufficient_privilege, undefined_object.
CREATE OR REPLACE FUNCTION agentry._user_of_password(
    p_user              text,
    OUT org_id          uuid,
    OUT id              uuid,
    OUT is_active       boolean,
    OUT hashed_password text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_user_of_password$
BEGIN
    SELECT c.org_id, c.id INTO org_id, id FROM agentry._user_of_caller(p_user) AS c;
    IF id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'the password of a user is for that user and applications',
            DETAIL  = (SELECT format('You are %s.', concat_ws(' ', m.kind, m.agent)) FROM agentry._me() AS m),
            HINT    = 'Ask an application or an administrator.';
    END IF;
    SELECT u.is_active, u.hashed_password
    INTO is_active, hashed_password
    FROM agentry.users AS u
    WHERE u.org_id = _user_of_password.org_id AND u.id = _user_of_password.id;
END;
$_user_of_password$;

COMMENT ON FUNCTION agentry._user_of_password(text) IS 'A user whose password the caller may set and check.';
