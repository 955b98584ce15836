-- login(api_key [, expires_in]) -> token
-- Opens a session with an API key and returns its token, once: only the hash is kept.  Bind it with use_session().
-- Updates last_used_at.  Pass the key as a bind parameter, so that it stands in no log.
-- Raises invalid_password for a key that is unknown, revoked, expired or of somebody who may not log in;
-- invalid_parameter_value for a lifetime that is not positive.
CREATE OR REPLACE FUNCTION agentry.login(p_api_key text, p_expires_in interval DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $login$
DECLARE
    v_now     timestamptz := agentry._clock();
    v_key     record;
    v_longest interval;
    v_token   text;
BEGIN
    SELECT k.org_id, k.id
    INTO v_key
    FROM agentry.api_keys AS k
    LEFT JOIN agentry.agents AS a ON a.org_id = k.org_id AND a.id = k.agent_id
    LEFT JOIN agentry.users AS u ON u.org_id = k.org_id AND u.id = k.user_id
    WHERE k.key_hash = sha256(convert_to(p_api_key, 'UTF8'))
      AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > v_now)
      AND (k.agent_id IS NULL OR a.status NOT IN ('suspended', 'archived'))
      AND (k.user_id IS NULL OR u.is_active);
    IF v_key.id IS NULL THEN
        -- one message for every cause: it tells an attacker nothing, and never repeats the key
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_password',
            MESSAGE = 'login refused',
            DETAIL  = 'The key is unknown, revoked or expired, or its holder may not log in.',
            HINT    = 'Ask for a new key: agentry.create_api_key().';
    END IF;

    v_longest := (agentry._setting(v_key.org_id, 'core.session_lifetime') #>> '{}')::interval;
    IF p_expires_in <= interval '0' OR p_expires_in > v_longest THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a session cannot last that long',
            DETAIL  = format('got %s', p_expires_in),
            HINT    = format('Ask for more than 0 and at most %s (setting core.session_lifetime).', v_longest);
    END IF;

    v_token := 'as_' || agentry._random_hex();
    INSERT INTO agentry.login_sessions (org_id, api_key_id, token_hash, expires_at)
    VALUES (v_key.org_id, v_key.id, sha256(convert_to(v_token, 'UTF8')), v_now + coalesce(p_expires_in, v_longest));
    -- nobody who logs in with the same key waits for this transaction
    UPDATE agentry.api_keys AS k
    SET last_used_at = v_now
    WHERE (k.org_id, k.id) = (SELECT u.org_id, u.id
                              FROM agentry.api_keys AS u
                              WHERE u.org_id = v_key.org_id AND u.id = v_key.id
                              FOR NO KEY UPDATE SKIP LOCKED);
    RETURN v_token;
END;
$login$;

COMMENT ON FUNCTION agentry.login(text, interval) IS
    'Opens a session with an API key and returns its token (shown once).  Lasts at most, and by default, the setting '
    'core.session_lifetime.  Pass the key as a bind parameter.  Raises invalid_password, invalid_parameter_value.';
