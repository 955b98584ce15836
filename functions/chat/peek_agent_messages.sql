-- peek_agent_messages([agent, limit]) -> chat_id, sender, message, ..., attempts, status
-- The messages that a claim would take now, in its order.  Changes and locks nothing.
-- Raises invalid_parameter_value and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_chat.peek_agent_messages(p_agent text DEFAULT NULL, p_limit integer DEFAULT 50)
RETURNS TABLE (
    chat_id     bigint,
    sender      text,
    message     text,
    recipients  text[],
    reply_to    bigint,
    thread      bigint,
    priority    smallint,
    "timestamp" timestamptz,
    attempts    integer,
    status      text
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $peek_agent_messages$
#variable_conflict use_column
DECLARE
    v_now   timestamptz := agentry._clock();
    v_actor record;
BEGIN
    v_actor := agentry._actor(p_agent);
    IF coalesce(p_limit NOT BETWEEN 1 AND 1000, true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'limit is out of range',
            DETAIL  = format('got: %s', p_limit),
            HINT    = 'A limit is 1 to 1000.';
    END IF;
    RETURN QUERY
    SELECT m.id, m.sender, m.message, m.recipients, m.reply_to, m.thread, m.priority, m."timestamp",
           p.attempts, p.status
    FROM agentry_chat.agent_chat_processed AS p
    JOIN agentry_chat.agent_chat AS m ON m.org_id = p.org_id AND m.id = p.chat_id
    WHERE p.org_id = v_actor.org_id
      AND p.agent = v_actor.agent
      AND p.settled_at IS NULL
      AND p.chat_id >= (SELECT b.bound FROM agentry_chat._bound(v_actor.org_id, v_actor.agent) AS b)
      AND p.available_at <= v_now
      AND (p.lease_until IS NULL OR p.lease_until <= v_now)
      AND (p.expires_at IS NULL OR p.expires_at > v_now)
    ORDER BY p.priority, p.chat_id
    LIMIT p_limit;
END;
$peek_agent_messages$;

COMMENT ON FUNCTION agentry_chat.peek_agent_messages(text, integer) IS
    'The messages that claim_agent_messages() would take now, up to limit (1 to 1000), in its order.  Changes and '
    'locks nothing.  Raises invalid_parameter_value, insufficient_privilege, undefined_object.';
