-- _is_same_raw(organisation, memory_id, memory, ciphertext, has_time) -> boolean
-- Whether a stored raw memory, in the archive too, is what is asked to be stored again.  One that was redacted is: what
-- was taken away does not come back by a repeated call.
CREATE OR REPLACE FUNCTION agentry_memory._is_same_raw(
    p_org_id uuid, p_memory_id uuid, p_memory jsonb, p_encrypted bytea, p_has_time boolean
)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_is_same_raw$
DECLARE
    v_part regclass;
    v_same boolean;
BEGIN
    FOR v_part IN
        SELECT 'agentry_memory.raw_memories'::regclass
        UNION ALL
        SELECT agentry_memory._archive_of('agentry_memory.raw_memories')
    LOOP
        EXECUTE format(
            'SELECT r.redacted_at IS NOT NULL '
            'OR (r.content, r.encrypted, r.key_ref, r.session, r.session_order, r.user_id, r.team_id) '
            'IS NOT DISTINCT FROM (g.content, $5, g.key_ref, g.session, g.session_order, g.user_id, g.team_id) '
            'AND (r.scope, r.content_type, r.metadata) '
            '= (g.scope, coalesce(g.content_type, ''text''), coalesce(g.metadata, ''{}'')) '
            'AND (r.created_at = g.created_at OR NOT $6) '
            'FROM %s AS r CROSS JOIN jsonb_to_record($4) AS g (content text, key_ref text, session text, '
            'session_order bigint, user_id uuid, team_id uuid, scope text, content_type text, metadata jsonb, '
            'created_at timestamptz) '
            'WHERE r.org_id = $1 AND r.memory_id = $2 AND r.created_at = $3', v_part)
        INTO v_same
        USING p_org_id, p_memory_id, agentry.uuidv7_time(p_memory_id), p_memory, p_encrypted, p_has_time;
        EXIT WHEN v_same IS NOT NULL;
    END LOOP;
    RETURN coalesce(v_same, false);
END;
$_is_same_raw$;

COMMENT ON FUNCTION agentry_memory._is_same_raw(uuid, uuid, jsonb, bytea, boolean) IS
    'Whether a stored raw memory is what is asked to be stored again.';
