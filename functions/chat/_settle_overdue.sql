-- _settle_overdue(organisation, agent, now [, limit]) -> count: what expired, or was tried often enough, is over
-- For deliveries of an inbox that nobody holds, up to limit; those that somebody has locked wait for the next time.
CREATE OR REPLACE FUNCTION agentry_chat._settle_overdue(
    p_org_id uuid,
    p_agent  text,
    p_now    timestamptz,
    p_limit  bigint DEFAULT 1000
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $_settle_overdue$
DECLARE
    v_overdue tid[];
BEGIN
    v_overdue := ARRAY(
        SELECT p.ctid
        FROM agentry_chat.agent_chat_processed AS p
        WHERE p.org_id = p_org_id
          AND p.agent = p_agent
          AND p.settled_at IS NULL
          AND p.chat_id >= (SELECT b.bound FROM agentry_chat._bound(p_org_id, p_agent) AS b)
          AND (p.lease_until IS NULL OR p.lease_until <= p_now)
          AND (p.expires_at <= p_now
               OR p.attempts > 0
                  AND p.attempts - p.uncounted
                      >= (SELECT agentry._setting(p_org_id, 'chat.max_attempts')::integer))
        ORDER BY p.priority, p.chat_id
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED);
    IF v_overdue <> '{}' THEN
        UPDATE agentry_chat.agent_chat_processed AS p
        SET status = CASE WHEN p.expires_at <= p_now THEN 'expired' ELSE 'dead' END,
            settled_at = p_now,
            dead_at = CASE WHEN p.expires_at <= p_now THEN NULL ELSE p_now END,
            lease_until = NULL,
            error_message = coalesce(p.error_message, CASE WHEN p.attempts > 0 THEN 'the lease ran out' END)
        WHERE p.ctid = ANY (v_overdue);
    END IF;
    RETURN cardinality(v_overdue);
END;
$_settle_overdue$;

COMMENT ON FUNCTION agentry_chat._settle_overdue(uuid, text, timestamptz, bigint) IS
    'Settles deliveries of an inbox that expired or were tried often enough, up to limit; returns how many.';
