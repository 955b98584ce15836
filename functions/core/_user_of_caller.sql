-- _user_of_caller(user) -> org_id, id: a user for whom the caller may act
-- A user for itself, applications and administrators for any.  For others id is NULL, whether there is such a user or
-- not: the answer tells nobody who exists.
-- Raises invalid_authorization_specification, undefined_object.
CREATE OR REPLACE FUNCTION agentry._user_of_caller(p_user text, OUT org_id uuid, OUT id uuid)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_user_of_caller$
DECLARE
    v_me record;
BEGIN
    v_me := agentry._caller();
    org_id := v_me.org_id;
    IF v_me.kind IN ('app', 'admin') THEN
        id := agentry._resolve_user(v_me.org_id, p_user);
    ELSIF v_me.kind = 'user' THEN
        SELECT u.id
        INTO id
        FROM agentry.users AS u
        WHERE u.org_id = v_me.org_id
          AND u.id = v_me.user_id
          AND (u.username = p_user OR lower(u.email) = lower(p_user));
    END IF;
END;
$_user_of_caller$;

COMMENT ON FUNCTION agentry._user_of_caller(text) IS 'A user for whom the caller may act; NULL where it may not.';
