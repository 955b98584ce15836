-- release_agent_messages(claims) -> count
-- Gives a batch of claims back, all or nothing: a JSON array of objects with the arguments of release_agent_message()
-- less p_.  Rows are locked in the order of their ids.
-- Raises what release_agent_message() raises; invalid_parameter_value names the position of a bad object.
CREATE OR REPLACE FUNCTION agentry_chat.release_agent_messages(p_claims jsonb)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $release_agent_messages$
DECLARE
    v_row   record;
    v_actor record;
BEGIN
    PERFORM agentry._check_batch(p_claims, '{chat_id}', '{agent,token}');
    PERFORM agentry._check_types(p_claims, '{"chat_id": "bigint", "token": "integer"}');
    FOR v_row IN
        SELECT (c.value ->> 'chat_id')::bigint AS chat_id,
               c.value ->> 'agent' AS agent,
               (c.value ->> 'token')::integer AS token
        FROM jsonb_array_elements(p_claims) AS c (value)
        ORDER BY 1, 2
    LOOP
        v_actor := agentry._actor(v_row.agent);
        PERFORM agentry_chat._release(v_actor.org_id, v_actor.agent, v_row.chat_id, v_row.token);
    END LOOP;
    RETURN jsonb_array_length(p_claims);
END;
$release_agent_messages$;

COMMENT ON FUNCTION agentry_chat.release_agent_messages(jsonb) IS
    'Gives a JSON array of {chat_id, agent, token} back, all or nothing; returns how many.  Raises what '
    'release_agent_message() raises; a bad object is named by its position (from 1).';
