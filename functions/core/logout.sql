-- logout() -> boolean
-- Ends the bound session and unbinds it.  False where none was bound, or it had ended before.
CREATE OR REPLACE FUNCTION agentry.logout()
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $logout$
DECLARE
    v_token text := nullif(current_setting('agentry.session', true), '');
    v_ended boolean;
BEGIN
    IF v_token IS NULL THEN
        RETURN false;
    END IF;
    UPDATE agentry.login_sessions AS s
    SET ended_at = agentry._clock()
    WHERE s.token_hash = sha256(convert_to(v_token, 'UTF8')) AND s.ended_at IS NULL;
    v_ended := FOUND;
    PERFORM set_config('agentry.session', '', false),
            set_config('agentry.org_id', '', false),
            set_config('agentry.act_as', '', false);
    RETURN v_ended;
END;
$logout$;

COMMENT ON FUNCTION agentry.logout() IS
    'Ends the session that is bound and unbinds it; false where none was, or it had ended before.';
