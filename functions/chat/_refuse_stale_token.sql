-- _refuse_stale_token(chat_id, token, attempts): the one error for a holder whose claim is no longer the last
-- Raises object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_chat._refuse_stale_token(p_chat_id bigint, p_token integer, p_attempts integer)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_stale_token$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('message %s was claimed again since', p_chat_id),
        DETAIL  = format('token: %s, the last claim''s: %s', coalesce(p_token::text, 'none'), p_attempts),
        HINT    = 'Pass the token of the claim; a holder whose lease ran out has to give the message up.';
END;
$_refuse_stale_token$;

COMMENT ON FUNCTION agentry_chat._refuse_stale_token(bigint, integer, integer) IS
    'Raises the error for a token that is not that of the last claim.';
