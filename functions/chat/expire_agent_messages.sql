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
    v_org   record;
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
    FOR v_org IN
        SELECT o.id, agentry._setting(o.id, 'chat.max_attempts')::integer AS max_attempts
        FROM agentry.organizations AS o
        ORDER BY o.id
    LOOP
        FOR v_inbox IN
            SELECT d.agent, array_agg(d.chat_id) AS chat_ids
            FROM (SELECT p.agent, p.chat_id
                  FROM agentry_chat.agent_chat_processed AS p
                  WHERE p.org_id = v_org.id
                    AND p.settled_at IS NULL
                    AND (p.lease_until IS NULL OR p.lease_until <= v_now)
                    AND (p.expires_at <= v_now OR p.attempts - p.uncounted >= v_org.max_attempts)
                  LIMIT greatest(p_limit - v_count, 0)
                  FOR UPDATE SKIP LOCKED) AS d
            GROUP BY d.agent
        LOOP
            PERFORM agentry_chat._settle_overdue(
                v_org.id, v_inbox.agent, v_inbox.chat_ids, v_org.max_attempts, v_now);
            v_count := v_count + cardinality(v_inbox.chat_ids);
        END LOOP;
    END LOOP;
    RETURN v_count;
END;
$expire_agent_messages$;

COMMENT ON FUNCTION agentry_chat.expire_agent_messages(integer) IS
    'Settles up to limit deliveries that expired, or whose last lease ran out, whether their inbox is claimed from or '
    'not; returns how many.  For administrators; a step of agentry.run_maintenance().  Raises invalid_parameter_value.';
