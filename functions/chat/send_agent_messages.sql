-- send_agent_messages(messages) -> chat_ids
-- Sends a batch, all or nothing: a JSON array of objects with the arguments of send_agent_message() less p_.  Ids come
-- back in the order of the array.  A batch of new messages to plain names is stored at once; one that answers, repeats
-- an idempotency key, or writes to domains or aliases is sent message by message.
-- Raises what send_agent_message() raises; invalid_parameter_value names the position of a bad object.
CREATE OR REPLACE FUNCTION agentry_chat.send_agent_messages(p_messages jsonb)
RETURNS bigint[]
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $send_agent_messages$
DECLARE
    v_given  text[];
    v_actors text[] := '{}';
    v_actor  record;
    v_row    record;
    v_ids    bigint[];
BEGIN
    PERFORM agentry._check_batch(p_messages, '{message,recipients}',
                                 '{sender,reply_to,expires_in,priority,idempotency_key}');
    v_given := ARRAY(SELECT DISTINCT m.value ->> 'sender' FROM jsonb_array_elements(p_messages) AS m (value));
    IF v_given = '{}' THEN
        RETURN ARRAY[]::bigint[];
    END IF;
    FOR i IN 1 .. cardinality(v_given) LOOP
        v_actor := agentry._actor(v_given[i]);
        v_actors[i] := v_actor.agent;
    END LOOP;

    BEGIN
        v_ids := agentry_chat._send_plain(v_actor.org_id, v_given, v_actors, p_messages);
    EXCEPTION
        WHEN unique_violation OR data_exception THEN
            -- a key that was used before, perhaps for the same message; a recipient who stands twice; not a list, not a
            -- number
            NULL;
    END;
    IF v_ids IS NOT NULL THEN
        RETURN v_ids;
    END IF;
    v_ids := '{}';
    PERFORM agentry._check_types(p_messages, '{"recipients": "array", "reply_to": "bigint", "expires_in": "interval", '
                                             '"priority": "integer"}');
    FOR v_row IN SELECT m.* FROM agentry_chat._read_messages(p_messages) AS m ORDER BY m.n LOOP
        v_ids := v_ids || agentry_chat._send(
            v_actor.org_id, v_actors[array_position(v_given, v_row.sender)], v_row.message, v_row.recipients,
            v_row.reply_to, v_row.expires_in, v_row.priority, v_row.idempotency_key);
    END LOOP;
    RETURN v_ids;
END;
$send_agent_messages$;

COMMENT ON FUNCTION agentry_chat.send_agent_messages(jsonb) IS
    'Sends a JSON array of {sender, message, recipients, reply_to, expires_in, priority, idempotency_key}, all or '
    'nothing; returns the ids in order.  Raises what send_agent_message() raises; a bad object is named by its '
    'position (from 1).';
