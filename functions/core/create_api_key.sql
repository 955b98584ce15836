-- create_api_key([agent, name, expires_in, user]) -> key
-- Makes a key for an agent, a user (by name), or, with neither, for the caller: an agent its own, an application or
-- administrator one for the organisation.  Returns the key, once: only its hash is kept.
-- Raises insufficient_privilege, undefined_object, invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry.create_api_key(
    p_agent      text     DEFAULT NULL,
    p_name       text     DEFAULT 'key',
    p_expires_in interval DEFAULT NULL,
    p_user       text     DEFAULT NULL
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $create_api_key$
DECLARE
    v_me       record;
    v_agent_id uuid;
    v_user_id  uuid;
    v_key      text;
    v_table    text;
    v_column   text;
    v_rule     text;
    v_hint     text;
BEGIN
    v_me := agentry._caller();
    IF p_agent IS NOT NULL AND p_user IS NOT NULL
       OR btrim(coalesce(p_name, '')) = ''
       OR p_expires_in <= interval '0' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'that key cannot be made',
            DETAIL  = format('agent: %L, user: %L, name: %L, expires_in: %L', p_agent, p_user, p_name, p_expires_in),
            HINT    = 'Name an agent or a user, not both; a name that is not blank; a lifetime above 0.';
    END IF;

    IF p_user IS NOT NULL THEN
        v_user_id := (agentry._user_of_caller(p_user)).id;
        IF v_user_id IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'insufficient_privilege',
                MESSAGE = 'a key of a user is made by that user or an application',
                DETAIL  = format('You are %s.', concat_ws(' ', v_me.kind, v_me.agent)),
                HINT    = 'Ask an application or an administrator.';
        END IF;
    ELSIF p_agent IS NOT NULL OR v_me.kind = 'agent' THEN
        v_agent_id := (agentry._actor(p_agent)).agent_id;
    ELSIF v_me.kind = 'user' THEN
        v_user_id := v_me.user_id;
    END IF;
    IF v_me.kind = 'reader' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'a reader makes no keys',
            HINT    = 'Ask an application or an administrator.';
    END IF;

    v_key := 'ak_' || agentry._random_hex();
    INSERT INTO agentry.api_keys (org_id, agent_id, user_id, name, prefix, key_hash, expires_at)
    VALUES (v_me.org_id, v_agent_id, v_user_id, p_name, left(v_key, 11), sha256(convert_to(v_key, 'UTF8')),
            agentry._clock() + p_expires_in);
    RETURN v_key;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry', v_table, v_column, v_rule, v_hint, jsonb_build_object('name', p_name));
        RAISE;
END;
$create_api_key$;

COMMENT ON FUNCTION agentry.create_api_key(text, text, interval, text) IS
    'Makes an API key and returns it, once.  Holder: the agent, or the user by name; by default the caller (an '
    'application: the organisation).  expires_in: its life [for ever].  Raises insufficient_privilege, '
    'undefined_object, invalid_parameter_value.';
