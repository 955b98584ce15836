-- remember_raw_all(memories) -> memory_ids
-- Stores a batch, all or nothing: a JSON array of objects with the arguments of remember_raw() less p_.  Ids come back
-- in the order of the array.  A ciphertext is written in hexadecimal, as \x....
-- Raises what remember_raw() raises; invalid_parameter_value names the position of a bad object.
CREATE OR REPLACE FUNCTION agentry_memory.remember_raw_all(p_memories jsonb)
RETURNS uuid[]
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $remember_raw_all$
BEGIN
    PERFORM agentry._check_batch(p_memories, '{}', '{content,agent,user,scope,team,content_type,encrypted,key_ref,'
                                                   'metadata,session,session_order,created_at,idempotency_key}');
    PERFORM agentry._check_types(p_memories, '{"session_order": "bigint", "created_at": "timestamptz"}');
    RETURN agentry_memory._store_raw(
        (agentry._caller()).org_id,
        p_memories,
        ARRAY(SELECT CASE WHEN m.value ->> 'encrypted' ~* '^\\x([0-9a-f]{2})*$'
                          THEN (m.value ->> 'encrypted')::bytea END
              FROM jsonb_array_elements(p_memories) WITH ORDINALITY AS m (value, n)
              ORDER BY m.n));
END;
$remember_raw_all$;

COMMENT ON FUNCTION agentry_memory.remember_raw_all(jsonb) IS
    'Stores a JSON array of {content, agent, user, scope, team, content_type, encrypted (hexadecimal, \x...), key_ref, '
    'metadata, session, session_order, created_at, idempotency_key}, all or nothing; returns the ids in order.  Raises '
    'what remember_raw() raises; a bad object is named by its position (from 1).';
