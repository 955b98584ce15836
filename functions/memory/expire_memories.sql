-- expire_memories([limit]) -> bigint
-- Removes up to limit memories that are past their expires_at, the longest ago first, but for those of or about whoever
-- is under a legal hold; on record in agentry.erasures.  Those that somebody has locked are left for the next time.
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_memory.expire_memories(p_limit integer DEFAULT 1000)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $expire_memories$
DECLARE
    v_now    timestamptz := agentry._clock();
    v_org_id uuid;
    v_held   uuid[];
    v_ids    uuid[];
    v_way    uuid;
    v_count  bigint := 0;
BEGIN
    IF coalesce(p_limit < 1, true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'limit is out of range',
            DETAIL  = format('got: %s', coalesce(p_limit::text, 'NULL')),
            HINT    = 'A limit is 1 or more.';
    END IF;
    FOR v_org_id IN SELECT o.id FROM agentry.organizations AS o ORDER BY o.id LOOP
        EXIT WHEN v_count = p_limit;
        v_held := ARRAY(
            SELECT h.subject_id
            FROM agentry.legal_holds AS h
            WHERE h.org_id = v_org_id AND h.lifted_at IS NULL
            UNION
            SELECT a.id
            FROM agentry.legal_holds AS h
            JOIN agentry.agents AS a ON a.org_id = h.org_id AND a.user_id = h.subject_id
            WHERE h.org_id = v_org_id AND h.lifted_at IS NULL);
        v_ids := ARRAY(
            SELECT m.id
            FROM agentry_memory.agent_memories AS m
            WHERE m.org_id = v_org_id
              AND m.expires_at <= v_now
              AND NOT (ARRAY[m.agent_id, m.user_id] || m.related_agents || m.related_users) && v_held
            ORDER BY m.expires_at, m.id
            LIMIT p_limit - v_count
            FOR UPDATE SKIP LOCKED);
        CONTINUE WHEN v_ids = '{}';
        v_way := agentry._open_way('retention', v_org_id);
        DELETE FROM agentry_memory.agent_memories AS m WHERE m.org_id = v_org_id AND m.id = ANY (v_ids);
        PERFORM agentry._close_way(
            v_way, jsonb_build_object('agentry_memory.agent_memories', cardinality(v_ids)));
        v_count := v_count + cardinality(v_ids);
    END LOOP;
    RETURN v_count;
END;
$expire_memories$;

COMMENT ON FUNCTION agentry_memory.expire_memories(integer) IS
    'Removes up to limit memories that are past their expires_at, but for those of or about whoever is under a legal '
    'hold, and returns how many; they are not recalled from then on anyway.  For administrators; a step of '
    'agentry.run_maintenance().  Raises invalid_parameter_value.';
