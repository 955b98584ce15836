-- remember_raw(content, agent, user, scope, ...) -> memory_id
-- Stores what was said or seen, as it came: a text, or the ciphertext that a client made.  An agent stores its own, a
-- user its own or one of its agents'; applications name agent or user.  A raw memory of no agent is the user's alone.
-- The same idempotency key of the same owner and the same content give the first id again.
-- Raises invalid_parameter_value, insufficient_privilege, undefined_object, object_not_in_prerequisite_state,
-- check_violation, unique_violation.
CREATE OR REPLACE FUNCTION agentry_memory.remember_raw(
    p_content         text        DEFAULT NULL,
    p_agent           text        DEFAULT NULL,
    p_user            text        DEFAULT NULL,
    p_scope           text        DEFAULT NULL,
    p_team            text        DEFAULT NULL,
    p_content_type    text        DEFAULT 'text',
    p_encrypted       bytea       DEFAULT NULL,
    p_key_ref         text        DEFAULT NULL,
    p_metadata        jsonb       DEFAULT '{}',
    p_session         text        DEFAULT NULL,
    p_session_order   bigint      DEFAULT NULL,
    p_created_at      timestamptz DEFAULT NULL,
    p_idempotency_key text        DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $remember_raw$
BEGIN
    RETURN (agentry_memory._store_raw(
        (agentry._caller()).org_id,
        jsonb_build_array(jsonb_build_object(
            'content', p_content, 'agent', p_agent, 'user', p_user, 'scope', p_scope, 'team', p_team,
            'content_type', p_content_type, 'key_ref', p_key_ref, 'metadata', p_metadata, 'session', p_session,
            'session_order', p_session_order, 'created_at', p_created_at, 'idempotency_key', p_idempotency_key)),
        ARRAY[p_encrypted]))[1];
END;
$remember_raw$;

COMMENT ON FUNCTION agentry_memory.remember_raw(
    text, text, text, text, text, text, bytea, text, jsonb, text, bigint, timestamptz, text) IS
    'Stores a raw memory and returns its id.  content: its text; or encrypted, a ciphertext made by the client, with '
    'key_ref, where its key is kept.  agent: one that the caller may act as [itself].  user: user name or e-mail '
    'address; without an agent it is of the user alone.  scope: agent, user, team or organisation [the narrowest]; '
    'team [that of the agent].  content_type: text, voice, image, document, action or external.  metadata: a JSON '
    'object.  session, session_order: the conversation, and the place in it.  created_at: when it was said or seen '
    '[now].  idempotency_key: same key and content give the first id.  Raises invalid_parameter_value, '
    'insufficient_privilege, undefined_object, object_not_in_prerequisite_state, check_violation, unique_violation.';
