-- claim_agent_messages([agent, limit, lease, in_order]) -> chat_id, sender, message, ..., attempts, token
-- Takes due messages of an inbox for the time of the lease: pending ones, failed ones whose wait is over, and claimed
-- ones whose lease ran out; by priority, then oldest first.  Locks those rows only and waits for nobody (SKIP LOCKED).
-- What expired, or was tried as often as the setting chat.max_attempts says, is settled on the way.
-- In order: of each thread only its first open message in this inbox, and so one at a time: of two in one claim the
-- second would overtake the first when that fails.  No lock is needed for it: messages only cease to be open, so a
-- snapshot that is too old holds a message back and never lets one pass.
-- Raises invalid_parameter_value and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_chat.claim_agent_messages(
    p_agent    text     DEFAULT NULL,
    p_limit    integer  DEFAULT 10,
    p_lease    interval DEFAULT '5 minutes',
    p_in_order boolean  DEFAULT false
)
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
    token       integer
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $claim_agent_messages$
#variable_conflict use_column
DECLARE
    v_now          timestamptz := agentry._clock();
    v_actor        record;
    v_max_attempts integer;
    v_due          bigint[];
    v_overdue      boolean;
    v_left         integer := p_limit;
BEGIN
    v_actor := agentry._actor(p_agent);
    IF coalesce(p_limit NOT BETWEEN 1 AND 1000, true)
       OR coalesce(p_lease NOT BETWEEN interval '1 second' AND interval '1 day', true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'limit or lease is out of range',
            DETAIL  = format('limit: %s, lease: %s', p_limit, p_lease),
            HINT    = 'A limit is 1 to 1000, a lease 1 second to 1 day.';
    END IF;
    v_max_attempts := (agentry._setting(v_actor.org_id, 'chat.max_attempts'))::integer;
    PERFORM agentry_chat._arm_wake(v_actor.org_id, v_actor.agent);

    LOOP
        IF p_in_order THEN
            SELECT array_agg(d.chat_id), bool_or(d.overdue)
            INTO v_due, v_overdue
            FROM (SELECT p.chat_id,
                         coalesce(p.expires_at <= v_now, false)
                         OR p.attempts - p.uncounted >= v_max_attempts AS overdue
                  FROM agentry_chat.agent_chat_processed AS p
                  JOIN agentry_chat.agent_chat AS m ON m.org_id = p.org_id AND m.id = p.chat_id
                  WHERE p.org_id = v_actor.org_id
                    AND p.agent = v_actor.agent
                    AND p.settled_at IS NULL
                    AND p.available_at <= v_now
                    AND (p.lease_until IS NULL OR p.lease_until <= v_now)
                    AND NOT EXISTS (SELECT
                                    FROM agentry_chat.agent_chat_processed AS e
                                    JOIN agentry_chat.agent_chat AS n ON n.org_id = e.org_id AND n.id = e.chat_id
                                    WHERE e.org_id = v_actor.org_id
                                      AND e.agent = v_actor.agent
                                      AND e.settled_at IS NULL
                                      AND e.chat_id < p.chat_id
                                      AND n.thread = m.thread)
                  ORDER BY p.priority, p.chat_id
                  LIMIT v_left
                  FOR UPDATE OF p SKIP LOCKED) AS d;
        ELSE
            SELECT array_agg(d.chat_id), bool_or(d.overdue)
            INTO v_due, v_overdue
            FROM (SELECT p.chat_id,
                         coalesce(p.expires_at <= v_now, false)
                         OR p.attempts - p.uncounted >= v_max_attempts AS overdue
                  FROM agentry_chat.agent_chat_processed AS p
                  WHERE p.org_id = v_actor.org_id
                    AND p.agent = v_actor.agent
                    AND p.settled_at IS NULL
                    AND p.available_at <= v_now
                    AND (p.lease_until IS NULL OR p.lease_until <= v_now)
                  ORDER BY p.priority, p.chat_id
                  LIMIT v_left
                  FOR UPDATE SKIP LOCKED) AS d;
        END IF;
        EXIT WHEN v_due IS NULL;
        IF v_overdue THEN
            PERFORM agentry_chat._settle_overdue(v_actor.org_id, v_actor.agent, v_due, v_max_attempts, v_now);
        END IF;

        RETURN QUERY
        WITH claimed AS (
            UPDATE agentry_chat.agent_chat_processed AS p
            SET status = 'received', attempts = p.attempts + 1, received_at = v_now, lease_until = v_now + p_lease
            WHERE p.org_id = v_actor.org_id
              AND p.agent = v_actor.agent
              AND p.chat_id = ANY (v_due)
              AND p.settled_at IS NULL
            RETURNING p.chat_id, p.attempts
        )
        SELECT m.id, m.sender, m.message, m.recipients, m.reply_to, m.thread, m.priority, m."timestamp",
               c.attempts, c.attempts
        FROM claimed AS c
        JOIN agentry_chat.agent_chat AS m ON m.org_id = v_actor.org_id AND m.id = c.chat_id
        ORDER BY m.priority, m.id;
        GET DIAGNOSTICS v_left = ROW_COUNT;
        -- again only where what was due was not worth returning
        v_left := cardinality(v_due) - v_left;
        EXIT WHEN v_left = 0;
    END LOOP;
END;
$claim_agent_messages$;

COMMENT ON FUNCTION agentry_chat.claim_agent_messages(text, integer, interval, boolean) IS
    'Takes up to limit (1 to 1000) due messages of the inbox [of the current agent] for the time of the lease (1 '
    'second to 1 day), by priority, then oldest first; in_order: of each thread only the first that is '
    'open, the next once that is settled.  Settle each with mark_agent_message() or reply_agent_message() '
    'and its token; after the lease it can be claimed again.  Raises invalid_parameter_value, insufficient_privilege, '
    'undefined_object.';
