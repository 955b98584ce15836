-- claim_agent_messages([agent, limit, lease, in_order]) -> chat_id, sender, message, ..., attempts, token
-- Takes due messages of an inbox for the time of the lease: pending ones, failed ones whose wait is over, and claimed
-- ones whose lease ran out; by priority, then oldest first.  Locks those rows only and waits for nobody (SKIP LOCKED).
-- A claim that comes back full leaves the wake-up of the inbox as it is: there may be more, and who waits claims first
-- until there is not.  One that does not settles what expired, or was tried as often as chat.max_attempts says.
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
ROWS 10
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $claim_agent_messages$
#variable_conflict use_column
DECLARE
    v_now    timestamptz := agentry._clock();
    v_left   integer     := p_limit;
    v_armed  boolean     := false;
    v_org_id uuid;
    v_agent  text;
    v_count  integer;
    -- entries of the claims' index that this session read so far; the last id of a message, while this transaction has
    -- no id: see _advance_bound()
    v_read   bigint := pg_stat_get_xact_tuples_returned('agentry_chat.agent_chat_processed_claim_idx'::regclass);
    v_last   bigint := CASE WHEN pg_current_xact_id_if_assigned() IS NULL
                            THEN pg_sequence_last_value('agentry_chat.agent_chat_id_seq'::regclass) END;
BEGIN
    -- raises where _is_restricted()
    UNLISTEN agentry_probe;
    SELECT a.org_id, a.agent INTO v_org_id, v_agent FROM agentry._app_agent(p_agent) AS a;
    IF v_agent IS NULL THEN
        SELECT a.org_id, a.agent INTO v_org_id, v_agent FROM agentry._actor(p_agent) AS a;
    END IF;
    IF coalesce(p_limit NOT BETWEEN 1 AND 1000 OR p_lease NOT BETWEEN interval '1 second' AND interval '1 day',
                true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'limit or lease is out of range',
            DETAIL  = format('limit: %s, lease: %s', p_limit, p_lease),
            HINT    = 'A limit is 1 to 1000, a lease 1 second to 1 day.';
    END IF;

    LOOP
        -- Rows are found again by where they are, messages one by one (OFFSET), and enable_seqscan is off: a plan that
        -- was made while the tables were small may meet them when they are large.  One that somebody changed since the
        -- statement began is locked here and taken by the second look.  The setting is read only where something was
        -- tried before.
        RETURN QUERY
        WITH claimed AS (
            UPDATE agentry_chat.agent_chat_processed AS p
            SET status = 'received', attempts = p.attempts + 1, received_at = v_now, lease_until = v_now + p_lease
            WHERE p.ctid = ANY (
                CASE
                    WHEN p_in_order
                    THEN (SELECT agentry_chat._due_in_order(v_org_id, v_agent, v_left, v_now))
                    ELSE ARRAY(
                        SELECT d.ctid
                        FROM agentry_chat.agent_chat_processed AS d
                        WHERE d.org_id = v_org_id
                          AND d.agent = v_agent
                          AND d.settled_at IS NULL
                          AND d.chat_id >= (SELECT b.bound FROM agentry_chat._bound(v_org_id, v_agent) AS b)
                          AND d.available_at <= v_now
                          AND (d.lease_until IS NULL OR d.lease_until <= v_now)
                          AND (d.expires_at IS NULL OR d.expires_at > v_now)
                          AND (d.attempts = 0
                               OR d.attempts - d.uncounted
                                  < (SELECT agentry._setting(v_org_id, 'chat.max_attempts')::integer))
                        ORDER BY d.priority, d.chat_id
                        LIMIT v_left
                        FOR UPDATE SKIP LOCKED)
                END)
            RETURNING p.chat_id, p.attempts
        )
        SELECT m.id, m.sender, m.message, m.recipients, m.reply_to, m.thread, m.priority, m."timestamp",
               c.attempts, c.attempts
        FROM claimed AS c
        CROSS JOIN LATERAL (SELECT t.id, t.sender, t.message, t.recipients, t.reply_to, t.thread, t.priority,
                                   t."timestamp"
                            FROM agentry_chat.agent_chat AS t
                            WHERE t.org_id = v_org_id AND t.id = c.chat_id
                            OFFSET 0) AS m
        ORDER BY m.priority, m.id;
        GET DIAGNOSTICS v_count = ROW_COUNT;
        IF v_count = v_left OR v_armed THEN
            IF pg_stat_get_xact_tuples_returned('agentry_chat.agent_chat_processed_claim_idx'::regclass)
               > v_read + p_limit + 300 THEN
                PERFORM agentry_chat._advance_bound(v_org_id, v_agent, v_last);
            END IF;
            RETURN;
        END IF;
        -- who comes back with less may wait for the next notification; what was sent before that is asked for, is seen
        v_left := v_left - v_count;
        PERFORM agentry_chat._settle_overdue(v_org_id, v_agent, v_now);
        PERFORM agentry_chat._arm_wake(v_org_id, v_agent);
        v_armed := true;
        -- later than the start of any sender that this has waited for
        v_now := agentry._clock();
    END LOOP;
END;
$claim_agent_messages$;

COMMENT ON FUNCTION agentry_chat.claim_agent_messages(text, integer, interval, boolean) IS
    'Takes up to limit (1 to 1000) due messages of the inbox [of the current agent] for the time of the lease (1 '
    'second to 1 day), by priority, then oldest first; in_order: of each thread only the first that is '
    'open, the next once that is settled.  Settle each with mark_agent_message() or reply_agent_message() '
    'and its token; after the lease it can be claimed again.  Raises invalid_parameter_value, insufficient_privilege, '
    'undefined_object.';
