-- send_agent_message(sender, message, recipients [, reply_to, expires_in, priority, idempotency_key]) -> chat_id
-- Sends a message.  Recipients are names, aliases, domain:NAME, or * for everyone but the sender.  NULL for the sender
-- is the current agent; another's name is refused.  The same idempotency key and content give the first id again.
-- Raises invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state,
-- unique_violation.
CREATE OR REPLACE FUNCTION agentry_chat.send_agent_message(
    p_sender          text,
    p_message         text,
    p_recipients      text[],
    p_reply_to        bigint   DEFAULT NULL,
    p_expires_in      interval DEFAULT NULL,
    p_priority        integer  DEFAULT 5,
    p_idempotency_key text     DEFAULT NULL
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $send_agent_message$
DECLARE
    v_actor record := agentry._actor(p_sender);
BEGIN
    RETURN agentry_chat._send(v_actor.org_id, v_actor.agent, p_message, p_recipients, p_reply_to, p_expires_in,
                              p_priority, p_idempotency_key);
END;
$send_agent_message$;

COMMENT ON FUNCTION agentry_chat.send_agent_message(text, text, text[], bigint, interval, integer, text) IS
    'Sends a message and returns its id.  Sender: an agent that the caller may act as (NULL: itself).  Recipients: '
    'names or aliases, domain:NAME, or * for every active agent but the sender.  reply_to: a message that the sender '
    'sent or received.  expires_in: how long it is delivered [for ever].  priority: 1 (first) to 10.  idempotency_key: '
    'same key and content give the first id.  Raises invalid_parameter_value, undefined_object, '
    'insufficient_privilege, object_not_in_prerequisite_state, unique_violation.';
