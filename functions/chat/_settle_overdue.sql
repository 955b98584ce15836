-- _settle_overdue(organisation, agent, chat_ids, max_attempts, now): what expired, or was tried often enough, is over
-- For deliveries that the caller has locked and that nobody holds.
CREATE OR REPLACE FUNCTION agentry_chat._settle_overdue(
    p_org_id       uuid,
    p_agent        text,
    p_chat_ids     bigint[],
    p_max_attempts integer,
    p_now          timestamptz
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_settle_overdue$
BEGIN
    UPDATE agentry_chat.agent_chat_processed AS p
    SET status = CASE WHEN p.expires_at <= p_now THEN 'expired' ELSE 'dead' END,
        settled_at = p_now,
        dead_at = CASE WHEN p.expires_at <= p_now THEN NULL ELSE p_now END,
        lease_until = NULL,
        error_message = coalesce(p.error_message, CASE WHEN p.attempts > 0 THEN 'the lease ran out' END)
    WHERE p.org_id = p_org_id
      AND p.agent = p_agent
      AND p.chat_id = ANY (p_chat_ids)
      AND (p.expires_at <= p_now OR p.attempts - p.uncounted >= p_max_attempts);
END;
$_settle_overdue$;

COMMENT ON FUNCTION agentry_chat._settle_overdue(uuid, text, bigint[], integer, timestamptz) IS
    'Settles those of the deliveries that expired or were tried often enough.';
