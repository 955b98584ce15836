-- _mark(organisation, agent, chat_id, status, token, error) -> status: mark_agent_message() for an agent that is known
CREATE OR REPLACE FUNCTION agentry_chat._mark(
    p_org_id  uuid,
    p_agent   text,
    p_chat_id bigint,
    p_status  text,
    p_token   integer,
    p_error   text
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_mark$
DECLARE
    v_now    timestamptz;
    v_row    record;
    v_status text := p_status;
    v_delay  interval;
BEGIN
    -- most often: by the last holder, for good
    UPDATE agentry_chat.agent_chat_processed AS p
    SET status        = p_status,
        lease_until   = NULL,
        routed_at     = CASE p_status WHEN 'routed' THEN c.now ELSE p.routed_at END,
        responded_at  = CASE p_status WHEN 'responded' THEN c.now END,
        settled_at    = c.now,
        error_message = coalesce(p_error, p.error_message)
    FROM (SELECT agentry._clock() OFFSET 0) AS c (now)
    WHERE p.org_id = p_org_id
      AND p.agent = p_agent
      AND p.chat_id = p_chat_id
      AND p.status = 'received'
      AND p.attempts = coalesce(p_token, 1)
      AND p_status IN ('responded', 'routed');
    IF FOUND THEN
        RETURN p_status;
    END IF;

    IF coalesce(p_status NOT IN ('responded', 'routed', 'failed'), true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a message cannot be marked %s', coalesce(quote_literal(p_status), 'NULL')),
            HINT    = 'Mark it responded, routed or failed.';
    END IF;
    v_row := agentry_chat._lock_delivery(p_org_id, p_agent, p_chat_id, p_token);
    IF v_row.status = p_status AND p_status <> 'failed' THEN
        RETURN p_status;
    END IF;
    IF NOT (v_row.status = 'received' OR v_row.status = 'routed' AND p_status = 'responded') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('message %s is %s and cannot become %s', p_chat_id, v_row.status, p_status),
            DETAIL  = 'A claimed message becomes responded, routed or failed; a routed one may become responded.',
            HINT    = 'Claim it first: agentry_chat.claim_agent_messages().';
    END IF;

    v_now := agentry._clock();
    IF p_status = 'failed' THEN
        IF v_row.tries >= (agentry._setting(p_org_id, 'chat.max_attempts'))::integer THEN
            v_status := 'dead';
        ELSE
            v_delay := (agentry._setting(p_org_id, 'chat.retry_delay') #>> '{}')::interval;
            v_delay := least(v_delay * power(2, least(v_row.tries, 30) - 1), interval '1 hour')
                       * (0.8 + 0.4 * random());
        END IF;
    END IF;
    UPDATE agentry_chat.agent_chat_processed AS p
    SET status        = v_status,
        lease_until   = NULL,
        available_at  = coalesce(v_now + v_delay, p.available_at),
        routed_at     = CASE v_status WHEN 'routed' THEN v_now ELSE p.routed_at END,
        responded_at  = CASE v_status WHEN 'responded' THEN v_now END,
        settled_at    = CASE WHEN v_status <> 'failed' THEN v_now END,
        dead_at       = CASE v_status WHEN 'dead' THEN v_now END,
        error_message = coalesce(p_error, p.error_message)
    WHERE p.org_id = p_org_id AND p.chat_id = p_chat_id AND p.agent = p_agent;
    RETURN v_status;
END;
$_mark$;

COMMENT ON FUNCTION agentry_chat._mark(uuid, text, bigint, text, integer, text) IS
    'Marks a message for an agent that is known.';
