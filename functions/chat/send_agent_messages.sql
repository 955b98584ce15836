-- send_agent_messages(messages) -> chat_ids
-- Sends a batch, all or nothing: a JSON array of objects with the arguments of send_agent_message() less p_.  Ids come
-- back in the order of the array.
-- Raises what send_agent_message() raises; invalid_parameter_value names the position of a bad object.
CREATE OR REPLACE FUNCTION agentry_chat.send_agent_messages(p_messages jsonb)
RETURNS bigint[]
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $send_agent_messages$
DECLARE
    v_ids   bigint[] := '{}';
    v_last  text;
    v_actor record;
    v_row   record;
BEGIN
    PERFORM agentry._check_batch(p_messages, '{message,recipients}',
                                 '{sender,reply_to,expires_in,priority,idempotency_key}');
    FOR v_row IN
        SELECT m.value ->> 'sender' AS sender,
               m.value ->> 'message' AS message,
               CASE WHEN jsonb_typeof(m.value -> 'recipients') = 'array'
                    THEN ARRAY(SELECT jsonb_array_elements_text(m.value -> 'recipients')) END AS recipients,
               (m.value ->> 'reply_to')::bigint AS reply_to,
               (m.value ->> 'expires_in')::interval AS expires_in,
               coalesce((m.value ->> 'priority')::integer, 5) AS priority,
               m.value ->> 'idempotency_key' AS idempotency_key
        FROM jsonb_array_elements(p_messages) WITH ORDINALITY AS m (value, n)
        ORDER BY m.n
    LOOP
        IF v_actor IS NULL OR v_row.sender IS DISTINCT FROM v_last THEN
            v_actor := agentry._actor(v_row.sender);
            v_last := v_row.sender;
        END IF;
        v_ids := v_ids || agentry_chat._send(v_actor.org_id, v_actor.agent, v_row.message, v_row.recipients,
                                             v_row.reply_to, v_row.expires_in, v_row.priority, v_row.idempotency_key);
    END LOOP;
    RETURN v_ids;
END;
$send_agent_messages$;

COMMENT ON FUNCTION agentry_chat.send_agent_messages(jsonb) IS
    'Sends a JSON array of {sender, message, recipients, reply_to, expires_in, priority, idempotency_key}, all or '
    'nothing; returns the ids in order.  Raises what send_agent_message() raises; a bad object is named by its '
    'position (from 1).';
