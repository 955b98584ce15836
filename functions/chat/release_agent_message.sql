-- release_agent_message(chat_id [, agent, token]) -> void
-- Gives a claim back: the message is due at once, the inbox is told, and the claim does not count against the setting
-- chat.max_attempts, for nothing was tried.  The number of claims goes on, so no token is ever given twice.
-- Raises undefined_object, object_not_in_prerequisite_state and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_chat.release_agent_message(
    p_chat_id bigint,
    p_agent   text    DEFAULT NULL,
    p_token   integer DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $release_agent_message$
DECLARE
    v_actor record;
BEGIN
    v_actor := agentry._actor(p_agent);
    PERFORM agentry_chat._release(v_actor.org_id, v_actor.agent, p_chat_id, p_token);
END;
$release_agent_message$;

COMMENT ON FUNCTION agentry_chat.release_agent_message(bigint, text, integer) IS
    'Gives a claimed message back to the inbox of an agent [the current one]: due at once, and not an attempt that '
    'counts.  Token: of the claim; may be left out for a message that was claimed once.  For a worker that stops; what '
    'was tried in vain is marked failed.  Raises undefined_object, object_not_in_prerequisite_state, '
    'insufficient_privilege.';
