-- withdraw_agent_message(chat_id [, sender]) -> deliveries
-- Takes a message back that nobody has claimed yet: it is delivered no more, and stays in the history.  Where one
-- recipient has had it, nothing is taken back.  Deliveries are locked in the order of the recipients' names.
-- Raises undefined_object, object_not_in_prerequisite_state and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_chat.withdraw_agent_message(p_chat_id bigint, p_sender text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $withdraw_agent_message$
DECLARE
    v_now     timestamptz := agentry._clock();
    v_actor   record;
    v_row     record;
    v_readers text[];
    v_had     text[] := '{}';
    v_count   integer;
BEGIN
    v_actor := agentry._actor(p_sender);
    SELECT m.readers
    INTO v_readers
    FROM agentry_chat.agent_chat AS m
    WHERE m.org_id = v_actor.org_id AND m.id = p_chat_id AND m.sender = v_actor.agent;
    IF v_readers IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('%s sent no message %s', v_actor.agent, coalesce(p_chat_id::text, 'NULL')),
            HINT    = 'A message is withdrawn by its sender.';
    END IF;
    FOR v_row IN
        SELECT p.agent, p.attempts
        FROM agentry_chat.agent_chat_processed AS p
        WHERE p.org_id = v_actor.org_id AND p.agent = ANY (v_readers) AND p.chat_id = p_chat_id
        ORDER BY p.agent
        FOR UPDATE
    LOOP
        IF v_row.attempts > 0 THEN
            v_had := v_had || v_row.agent;
        END IF;
    END LOOP;
    IF v_had <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('message %s has been claimed and cannot be withdrawn', p_chat_id),
            DETAIL  = format('claimed by: %s', array_to_string(v_had, ', ')),
            HINT    = 'Send another message; it may name this one in reply_to.';
    END IF;
    UPDATE agentry_chat.agent_chat_processed AS p
    SET status = 'withdrawn', settled_at = v_now
    WHERE p.org_id = v_actor.org_id
      AND p.agent = ANY (v_readers)
      AND p.chat_id = p_chat_id
      AND p.status = 'pending';
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$withdraw_agent_message$;

COMMENT ON FUNCTION agentry_chat.withdraw_agent_message(bigint, text) IS
    'Takes back a message that no recipient has claimed, and returns how many deliveries that ended (again: 0).  '
    'Sender: who sent it [the current agent].  Raises undefined_object; object_not_in_prerequisite_state, naming the '
    'recipients, where one has claimed it; insufficient_privilege.';
