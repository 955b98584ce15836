-- revoke_api_key(id) -> boolean
-- Ends a key and its sessions at once.  For its holder, applications and administrators.  False where it was revoked
-- before.
-- Raises undefined_object for a key that is unknown or another's.
CREATE OR REPLACE FUNCTION agentry.revoke_api_key(p_id uuid)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $revoke_api_key$
DECLARE
    v_me  record;
    v_key record;
BEGIN
    v_me := agentry._caller();
    SELECT k.id, k.revoked_at
    INTO v_key
    FROM agentry.api_keys AS k
    WHERE k.org_id = v_me.org_id
      AND k.id = p_id
      AND (v_me.kind IN ('app', 'admin')
           OR k.agent_id = v_me.agent_id
           OR v_me.kind = 'user' AND k.user_id = v_me.user_id)
    FOR UPDATE;
    IF v_key.id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('API key %s does not exist', coalesce(p_id::text, 'NULL')),
            HINT    = 'SELECT id, name, prefix FROM agentry.v_api_keys lists the keys that you may revoke.';
    END IF;
    IF v_key.revoked_at IS NOT NULL THEN
        RETURN false;
    END IF;
    UPDATE agentry.api_keys AS k
    SET revoked_at = agentry._clock()
    WHERE k.org_id = v_me.org_id AND k.id = p_id;
    UPDATE agentry.login_sessions AS s
    SET ended_at = agentry._clock()
    WHERE s.org_id = v_me.org_id AND s.api_key_id = p_id AND s.ended_at IS NULL;
    RETURN true;
END;
$revoke_api_key$;

COMMENT ON FUNCTION agentry.revoke_api_key(uuid) IS
    'Ends a key and its sessions at once; false where it was revoked before.  For its holder, applications, '
    'administrators.  Raises undefined_object.';
