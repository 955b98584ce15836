-- _due_in_order(organisation, agent, limit, now) -> ctids: locks what a claim in order takes (SKIP LOCKED)
CREATE OR REPLACE FUNCTION agentry_chat._due_in_order(
    p_org_id uuid,
    p_agent  text,
    p_limit  integer,
    p_now    timestamptz
)
RETURNS tid[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_due_in_order$
BEGIN
    RETURN ARRAY(
        SELECT p.ctid
        FROM agentry_chat.agent_chat_processed AS p
        JOIN agentry_chat.agent_chat AS m ON m.org_id = p.org_id AND m.id = p.chat_id
        WHERE p.org_id = p_org_id
          AND p.agent = p_agent
          AND p.settled_at IS NULL
          AND p.chat_id >= (SELECT b.bound FROM agentry_chat._bound(p_org_id, p_agent) AS b)
          AND p.available_at <= p_now
          AND (p.lease_until IS NULL OR p.lease_until <= p_now)
          AND (p.expires_at IS NULL OR p.expires_at > p_now)
          AND (p.attempts = 0
               OR p.attempts - p.uncounted < (SELECT agentry._setting(p_org_id, 'chat.max_attempts')::integer))
          AND NOT EXISTS (SELECT
                          FROM agentry_chat.agent_chat_processed AS e
                          JOIN agentry_chat.agent_chat AS n ON n.org_id = e.org_id AND n.id = e.chat_id
                          WHERE e.org_id = p_org_id
                            AND e.agent = p_agent
                            AND e.settled_at IS NULL
                            AND e.chat_id < p.chat_id
                            AND n.thread = m.thread)
        ORDER BY p.priority, p.chat_id
        LIMIT p_limit
        FOR UPDATE OF p SKIP LOCKED);
END;
$_due_in_order$;

COMMENT ON FUNCTION agentry_chat._due_in_order(uuid, text, integer, timestamptz) IS
    'Locks the due messages of an inbox of which each is the first of its thread that is open there.';
