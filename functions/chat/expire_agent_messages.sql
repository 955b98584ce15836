-- expire_agent_messages([limit]) -> count
-- Settles what a claim would settle on its way, in inboxes that nobody claims from: messages that expired, and those
-- whose last lease ran out.  Waits for nobody (SKIP LOCKED).
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_chat.expire_agent_messages(p_limit integer DEFAULT 10000)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $expire_agent_messages$
DECLARE
    v_now   timestamptz := agentry._clock();
    v_inbox record;
    v_count bigint := 0;
BEGIN
    IF coalesce(p_limit < 1, true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'limit is out of range',
            DETAIL  = format('got: %s', p_limit),
            HINT    = 'A limit is 1 or more.';
    END IF;
    FOR v_inbox IN
        SELECT DISTINCT p.org_id, p.agent
        FROM agentry_chat.agent_chat_processed AS p
        WHERE p.settled_at IS NULL
          AND (p.lease_until IS NULL OR p.lease_until <= v_now)
          AND (p.expires_at <= v_now OR p.attempts > 0)
    LOOP
        EXIT WHEN v_count >= p_limit;
        v_count := v_count + agentry_chat._settle_overdue(v_inbox.org_id, v_inbox.agent, v_now, p_limit - v_count);
    END LOOP;
    RETURN v_count;
END;
$expire_agent_messages$;

COMMENT ON FUNCTION agentry_chat.expire_agent_messages(integer) IS
    'Settles up to limit deliveries that expired, or whose last lease ran out, whether their inbox is claimed from or '
    'not; returns how many.  For administrators; a step of agentry.run_maintenance().  Raises invalid_parameter_value.';
