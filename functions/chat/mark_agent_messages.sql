-- mark_agent_messages(marks) -> chat_id, status
-- Marks a batch, all or nothing: a JSON array of objects with the arguments of mark_agent_message() less p_.  Rows come
-- back in the order of the array.  Rows are locked in the order of their ids; what a valid token settles is written at
-- once, the rest one by one.
-- Raises what mark_agent_message() raises; invalid_parameter_value names the position of a bad object.
CREATE OR REPLACE FUNCTION agentry_chat.mark_agent_messages(p_marks jsonb)
RETURNS TABLE (chat_id bigint, status text)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $mark_agent_messages$
#variable_conflict use_column
DECLARE
    v_now     timestamptz := agentry._clock();
    v_given   text[];
    v_agents  text[] := '{}';
    v_actor   record;
    v_group   record;
    v_row     record;
    v_count   integer;
    v_results text[] := '{}';
BEGIN
    PERFORM agentry._check_batch(p_marks, '{chat_id,status}', '{agent,token,error}');
    PERFORM agentry._check_types(p_marks, '{"chat_id": "bigint", "token": "integer"}');
    v_given := ARRAY(SELECT DISTINCT m.value ->> 'agent' FROM jsonb_array_elements(p_marks) AS m (value));
    IF v_given = '{}' THEN
        RETURN;
    END IF;
    FOR i IN 1 .. cardinality(v_given) LOOP
        v_actor := agentry._actor(v_given[i]);
        v_agents[i] := v_actor.agent;
    END LOOP;

    FOR v_group IN
        SELECT m.status, m.error,
               array_agg(m.n) AS places,
               array_agg(p.tid) AS tids
        FROM (SELECT b.n,
                     (b.value ->> 'chat_id')::bigint AS chat_id,
                     v_agents[array_position(v_given, b.value ->> 'agent')] AS agent,
                     b.value ->> 'status' AS status,
                     coalesce((b.value ->> 'token')::integer, 1) AS token,
                     b.value ->> 'error' AS error,
                     count(*) OVER (PARTITION BY b.value ->> 'chat_id', b.value ->> 'agent') AS times
              FROM jsonb_array_elements(p_marks) WITH ORDINALITY AS b (value, n)
              ORDER BY 2, 3, b.n) AS m
        CROSS JOIN LATERAL (
            SELECT d.ctid AS tid, d.status, d.attempts
            FROM agentry_chat.agent_chat_processed AS d
            WHERE d.org_id = v_actor.org_id AND d.agent = m.agent AND d.chat_id = m.chat_id
            FOR UPDATE) AS p
        WHERE m.times = 1 AND m.status IN ('responded', 'routed') AND p.status = 'received' AND p.attempts = m.token
        GROUP BY m.status, m.error
    LOOP
        UPDATE agentry_chat.agent_chat_processed AS p
        SET status        = v_group.status,
            lease_until   = NULL,
            routed_at     = CASE v_group.status WHEN 'routed' THEN v_now ELSE p.routed_at END,
            responded_at  = CASE v_group.status WHEN 'responded' THEN v_now END,
            settled_at    = v_now,
            error_message = coalesce(v_group.error, p.error_message)
        WHERE p.ctid = ANY (v_group.tids);
        GET DIAGNOSTICS v_count = ROW_COUNT;
        -- fewer where one was changed since this statement began, or stands twice under two names of an agent
        IF v_count = cardinality(v_group.places) THEN
            FOR i IN 1 .. v_count LOOP
                v_results[v_group.places[i]] := v_group.status;
            END LOOP;
        END IF;
    END LOOP;

    FOR v_row IN
        SELECT m.n,
               (m.value ->> 'chat_id')::bigint AS chat_id,
               v_agents[array_position(v_given, m.value ->> 'agent')] AS agent,
               m.value ->> 'status' AS status,
               (m.value ->> 'token')::integer AS token,
               m.value ->> 'error' AS error
        FROM jsonb_array_elements(p_marks) WITH ORDINALITY AS m (value, n)
        WHERE v_results[m.n] IS NULL
        ORDER BY 2, 3, m.n
    LOOP
        v_results[v_row.n] := agentry_chat._mark(
            v_actor.org_id, v_row.agent, v_row.chat_id, v_row.status, v_row.token, v_row.error);
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
