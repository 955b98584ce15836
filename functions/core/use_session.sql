-- use_session(token [, for_connection]) -> void
-- Makes the caller the holder of a session: for this transaction, or for the connection.  Through a pool in transaction
-- mode only the first is right.  Raises invalid_authorization_specification for a token that is not valid.
CREATE OR REPLACE FUNCTION agentry.use_session(p_token text, p_for_connection boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $use_session$
DECLARE
    v_org_id uuid;
BEGIN
    -- the holder of the session, and not whom somebody acted as before
    PERFORM set_config('agentry.session', coalesce(p_token, ''), NOT p_for_connection),
            set_config('agentry.act_as', '', NOT p_for_connection);
    IF p_token <> '' THEN
        v_org_id := agentry.current_org_id();
    END IF;
    IF v_org_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_authorization_specification',
            MESSAGE = 'the session is not valid',
            DETAIL  = 'The token is unknown, ended or expired, or its holder may no longer log in.',
            HINT    = 'Log in again: agentry.login(key).';
    END IF;
    -- what column defaults take first; the policies check it
    PERFORM set_config('agentry.org_id', v_org_id::text, NOT p_for_connection);
END;
$use_session$;

COMMENT ON FUNCTION agentry.use_session(text, boolean) IS
    'Makes the caller the holder of the session: for this transaction [default] or, when asked, for the connection.  '
    'Raises invalid_authorization_specification.';
