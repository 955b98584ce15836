-- extend_agent_messages(claims) -> chat_id, lease_until
-- Prolongs a batch of claims, all or nothing: a JSON array of objects with the arguments of extend_agent_message() less
-- p_.  Rows come back in the order of the array.  Rows are locked in the order of their ids.
-- Raises what extend_agent_message() raises; invalid_parameter_value names the position of a bad object.
CREATE OR REPLACE FUNCTION agentry_chat.extend_agent_messages(p_claims jsonb)
RETURNS TABLE (chat_id bigint, lease_until timestamptz)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $extend_agent_messages$
#variable_conflict use_column
DECLARE
    v_row   record;
    v_actor record;
    v_until timestamptz[] := '{}';
BEGIN
    PERFORM agentry._check_batch(p_claims, '{chat_id}', '{agent,lease,token}');
    PERFORM agentry._check_types(p_claims, '{"chat_id": "bigint", "lease": "interval", "token": "integer"}');
    FOR v_row IN
        SELECT c.n,
               (c.value ->> 'chat_id')::bigint AS chat_id,
               c.value ->> 'agent' AS agent,
               coalesce((c.value ->> 'lease')::interval, '5 minutes') AS lease,
               (c.value ->> 'token')::integer AS token
        FROM jsonb_array_elements(p_claims) WITH ORDINALITY AS c (value, n)
        ORDER BY 2, 3, c.n
    LOOP
        v_actor := agentry._actor(v_row.agent);
        v_until[v_row.n] := agentry_chat._extend(
            v_actor.org_id, v_actor.agent, v_row.chat_id, v_row.lease, v_row.token);
    END LOOP;
    RETURN QUERY
    SELECT (c.value ->> 'chat_id')::bigint, v_until[c.n]
    FROM jsonb_array_elements(p_claims) WITH ORDINALITY AS c (value, n)
    ORDER BY c.n;
END;
$extend_agent_messages$;

COMMENT ON FUNCTION agentry_chat.extend_agent_messages(jsonb) IS
    'Prolongs a JSON array of {chat_id, agent, lease, token}, all or nothing; returns ids and ends of leases in order: '
    'the heartbeat of a worker that claimed many.  Raises what extend_agent_message() raises; a bad object is named by '
    'its position (from 1).';
