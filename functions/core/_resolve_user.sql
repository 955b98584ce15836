-- _resolve_user(organisation, name) -> id: the user of a user name or e-mail address
-- Raises undefined_object.
CREATE OR REPLACE FUNCTION agentry._resolve_user(p_org_id uuid, p_name text)
RETURNS uuid
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_resolve_user$
DECLARE
    v_id uuid;
BEGIN
    SELECT u.id
    INTO v_id
    FROM agentry.users AS u
    WHERE u.org_id = p_org_id AND (u.username = p_name OR lower(u.email) = lower(p_name))
    ORDER BY u.username = p_name DESC
    LIMIT 1;
    IF v_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('user %s does not exist', coalesce(quote_literal(p_name), 'NULL')),
            HINT    = 'Users stand in agentry.users; name one by user name or e-mail address.';
    END IF;
    RETURN v_id;
END;
$_resolve_user$;

COMMENT ON FUNCTION agentry._resolve_user(uuid, text) IS
    'The user of a user name or e-mail address; unknown ones are refused.';
