-- extend_agent_message(chat_id [, agent, lease, token]) -> lease_until
-- Prolongs a claim: its lease ends that long from now, or when it ended before if that is later.  A lease that ran out
-- is prolonged as long as nobody has claimed the message again.
-- Raises invalid_parameter_value, undefined_object, object_not_in_prerequisite_state and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_chat.extend_agent_message(
    p_chat_id bigint,
    p_agent   text     DEFAULT NULL,
    p_lease   interval DEFAULT '5 minutes',
    p_token   integer  DEFAULT NULL
)
RETURNS timestamptz
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $extend_agent_message$
DECLARE
    v_actor record;
BEGIN
    v_actor := agentry._actor(p_agent);
    RETURN agentry_chat._extend(v_actor.org_id, v_actor.agent, p_chat_id, p_lease, p_token);
END;
$extend_agent_message$;

COMMENT ON FUNCTION agentry_chat.extend_agent_message(bigint, text, interval, integer) IS
    'Prolongs the claim of a message in the inbox of an agent [the current one], to end that long (1 second to 1 day) '
    'from now, never earlier than before; returns when it ends.  A lease that ran out can be prolonged until the '
    'message is claimed again.  Token: of the claim; may be left out for a message that was claimed once.  Raises '
    'invalid_parameter_value, undefined_object, object_not_in_prerequisite_state, insufficient_privilege.';
