-- mark_agent_messages(marks) -> chat_id, status
-- Marks a batch, all or nothing: a JSON array of objects with the arguments of mark_agent_message() less p_.  Rows come
-- back in the order of the array.  Rows are locked in the order of their ids.
-- Raises what mark_agent_message() raises; invalid_parameter_value names the position of a bad object.
CREATE OR REPLACE FUNCTION agentry_chat.mark_agent_messages(p_marks jsonb)
RETURNS TABLE (chat_id bigint, status text)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $mark_agent_messages$
#variable_conflict use_column
DECLARE
    v_row     record;
    v_actor   record;
    v_results text[] := '{}';
BEGIN
    PERFORM agentry._check_batch(p_marks, '{chat_id,status}', '{agent,token,error}');
    FOR v_row IN
        SELECT m.n,
               (m.value ->> 'chat_id')::bigint AS chat_id,
               m.value ->> 'agent' AS agent,
               m.value ->> 'status' AS status,
               (m.value ->> 'token')::integer AS token,
               m.value ->> 'error' AS error
        FROM jsonb_array_elements(p_marks) WITH ORDINALITY AS m (value, n)
        ORDER BY 2, 3, m.n
    LOOP
        v_actor := agentry._actor(v_row.agent);
        v_results[v_row.n] := agentry_chat._mark(
            v_actor.org_id, v_actor.agent, v_row.chat_id, v_row.status, v_row.token, v_row.error);
    END LOOP;
    RETURN QUERY
    SELECT (m.value ->> 'chat_id')::bigint, v_results[m.n]
    FROM jsonb_array_elements(p_marks) WITH ORDINALITY AS m (value, n)
    ORDER BY m.n;
END;
$mark_agent_messages$;

COMMENT ON FUNCTION agentry_chat.mark_agent_messages(jsonb) IS
    'Marks a JSON array of {chat_id, status, agent, token, error}, all or nothing; returns ids and statuses in order.  '
    'Raises what mark_agent_message() raises; a bad object is named by its position (from 1).';
