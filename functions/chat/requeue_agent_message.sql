-- requeue_agent_message(chat_id [, agent]) -> void
-- Makes a dead letter due again, with all the attempts of a new message.  What was claimed before does not count, but
-- the number of claims goes on, so the tokens of earlier holders stay worthless.  The inbox is told.
-- Raises undefined_object, object_not_in_prerequisite_state and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_chat.requeue_agent_message(p_chat_id bigint, p_agent text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $requeue_agent_message$
DECLARE
    v_now   timestamptz := agentry._clock();
    v_actor record;
    v_row   record;
BEGIN
    v_actor := agentry._actor(p_agent);
    SELECT p.status, p.sender, p.expires_at
    INTO v_row
    FROM agentry_chat.agent_chat_processed AS p
    WHERE p.org_id = v_actor.org_id AND p.chat_id = p_chat_id AND p.agent = v_actor.agent
    FOR UPDATE;
    IF v_row.status IS NULL THEN
        PERFORM agentry_chat._refuse_unknown_message(p_chat_id, v_actor.agent);
    END IF;
    IF v_row.status <> 'dead' OR v_row.expires_at <= v_now THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('message %s cannot be delivered again', p_chat_id),
            DETAIL  = format('It is %s%s.', v_row.status,
                             CASE WHEN v_row.expires_at <= v_now THEN ', and expired at ' || v_row.expires_at::text
                                  ELSE '' END),
            HINT    = 'Dead letters that have not expired can be: agentry_chat.v_dead_letters.  Else send it again.';
    END IF;
    UPDATE agentry_chat.agent_chat_processed AS p
    SET status = 'pending', uncounted = p.attempts, available_at = v_now, settled_at = NULL, dead_at = NULL
    WHERE p.org_id = v_actor.org_id AND p.chat_id = p_chat_id AND p.agent = v_actor.agent;
    PERFORM agentry_chat._tell(v_actor.org_id, v_actor.agent, p_chat_id, v_row.sender);
END;
$requeue_agent_message$;

COMMENT ON FUNCTION agentry_chat.requeue_agent_message(bigint, text) IS
    'Makes a dead letter in the inbox of an agent [the current one] due again, with chat.max_attempts new attempts.  '
    'For the recipient, applications and administrators.  Raises undefined_object, object_not_in_prerequisite_state, '
    'insufficient_privilege.';
