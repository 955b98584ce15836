-- expire_views([keep, limit]) -> expired, removed
-- Writes the status of up to limit views that are past their expires_at, the longest ago first; and removes up to limit
-- that expired or were rejected longer ago than keep [the rule of cognitive_views in agentry.retention_rules], on
-- record in agentry.erasures, but for those of whoever is under a legal hold.  What somebody has locked is left for the
-- next time.
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_memory.expire_views(
    p_keep      interval DEFAULT NULL,
    p_limit     integer  DEFAULT 1000,
    OUT expired bigint,
    OUT removed bigint
)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $expire_views$
DECLARE
    v_now    timestamptz := agentry._clock();
    v_keep   interval    := coalesce(p_keep, (SELECT r.keep_for
                                              FROM agentry.retention_rules AS r
                                              WHERE r.table_name = 'agentry_memory.cognitive_views'::regclass));
    v_org_id uuid;
    v_held   uuid[];
    v_ids    uuid[];
    v_way    uuid;
BEGIN
    IF p_keep <= interval '0' OR coalesce(p_limit < 1, true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'keep or limit is out of range',
            DETAIL  = format('keep: %s, limit: %s', p_keep, p_limit),
            HINT    = 'Keep is an interval above 0, or NULL for the rule; a limit is 1 or more.';
    END IF;
    UPDATE agentry_memory.cognitive_views AS v
    SET status = 'expired'
    FROM (SELECT d.org_id, d.id
          FROM agentry_memory.cognitive_views AS d
          WHERE d.status = 'active' AND d.expires_at <= v_now
          ORDER BY d.expires_at, d.id
          LIMIT p_limit
          FOR NO KEY UPDATE SKIP LOCKED) AS d
    WHERE v.org_id = d.org_id AND v.id = d.id;
    GET DIAGNOSTICS expired = ROW_COUNT;
    removed := 0;
    IF v_keep IS NULL THEN
        RETURN;
    END IF;
    FOR v_org_id IN SELECT o.id FROM agentry.organizations AS o ORDER BY o.id LOOP
        EXIT WHEN removed = p_limit;
        v_held := agentry_memory._held(v_org_id);
        v_ids := ARRAY(
            SELECT v.id
            FROM agentry_memory.cognitive_views AS v
            WHERE v.org_id = v_org_id
              AND v.status IN ('expired', 'rejected')
              AND v.expires_at < v_now - v_keep
              AND NOT ARRAY[v.agent_id, v.user_id] && v_held
            ORDER BY v.expires_at, v.id
            LIMIT p_limit - removed
            FOR UPDATE SKIP LOCKED);
        CONTINUE WHEN v_ids = '{}';
        v_way := agentry._open_way('retention', v_org_id);
        DELETE FROM agentry_memory.cognitive_views AS v WHERE v.org_id = v_org_id AND v.id = ANY (v_ids);
        PERFORM agentry._close_way(v_way, jsonb_build_object('agentry_memory.cognitive_views', cardinality(v_ids)));
        removed := removed + cardinality(v_ids);
    END LOOP;
END;
$expire_views$;

COMMENT ON FUNCTION agentry_memory.expire_views(interval, integer) IS
    'Writes the status of up to limit views that are past their time, which nobody takes for active before either, and '
    'removes up to limit that expired or were rejected longer ago than keep [keep_for of cognitive_views in '
    'agentry.retention_rules; NULL: none], but for those of whoever is under a legal hold.  For administrators; a step '
    'of agentry.run_maintenance().  Raises invalid_parameter_value.';
