-- _check_breaker(organisation, sender, message, addresses, thread, idempotency_key) -> shape
-- Stops a reply loop: two agents that answer each other with the same courtesies or errors until somebody notices.
-- Such a loop answers (what opens a thread is never counted), stays in its thread, is short, and repeats itself but for
-- digits, case and punctuation.  So the letters of a short answer are its shape, and as many of one shape as the
-- setting chat.breaker_limit says, from one sender to the same recipients within chat.breaker_window, are the last.  An
-- answer that names an artifact (#12, task 7, a path) is compared as a whole: its digits are its substance.
-- It counts messages that are there and locks nothing; two answers sent at the same moment may both pass.
-- Raises program_limit_exceeded.
CREATE OR REPLACE FUNCTION agentry_chat._check_breaker(
    p_org_id          uuid,
    p_sender          text,
    p_message         text,
    p_addresses       text[],
    p_thread          bigint,
    p_idempotency_key text
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_check_breaker$
DECLARE
    v_text   text := p_message;
    v_shape  bigint;
    v_limit  integer;
    v_window interval;
    v_count  bigint;
BEGIN
    IF length(p_message) > 500 OR agentry._setting(p_org_id, 'chat.breaker') = '"off"' THEN
        RETURN NULL;
    END IF;
    IF p_message !~* '#\d|[\w.]/\w|/\w+/|\w\.[a-z]{1,4}\M|\m(issue|pr|task|job)\s*\d' THEN
        v_text := coalesce(
            nullif(regexp_replace(lower(p_message), '[[:digit:][:punct:][:space:]]+', '', 'g'), ''), p_message);
    END IF;
    v_shape := hashtextextended(v_text, 0);
    IF NOT EXISTS (SELECT
                   FROM agentry_chat.agent_chat AS m
                   WHERE m.org_id = p_org_id
                     AND m.thread = p_thread
                     AND m.sender = p_sender
                     AND m.shape = v_shape) THEN
        RETURN v_shape;
    END IF;

    v_limit  := agentry._setting(p_org_id, 'chat.breaker_limit')::integer;
    v_window := (agentry._setting(p_org_id, 'chat.breaker_window') #>> '{}')::interval;
    SELECT count(*)
    INTO v_count
    FROM agentry_chat.agent_chat AS m
    WHERE m.org_id = p_org_id
      AND m.thread = p_thread
      AND m.sender = p_sender
      AND m.shape = v_shape
      AND m.recipients && p_addresses
      AND m."timestamp" > agentry._clock() - v_window
      AND NOT EXISTS (SELECT
                      FROM agentry_chat.agent_chat_breaker_resets AS r
                      WHERE r.org_id = p_org_id AND r.sender = p_sender AND r.reset_at >= m."timestamp");
    -- a message that is sent again under its key is not another one
    IF v_count >= v_limit AND NOT EXISTS (SELECT
                                          FROM agentry_chat.agent_chat AS m
                                          WHERE m.org_id = p_org_id
                                            AND m.sender = p_sender
                                            AND m.idempotency_key = p_idempotency_key) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'program_limit_exceeded',
            MESSAGE = format('%s repeats itself in thread %s', p_sender, p_thread),
            DETAIL  = format('%s answers alike to %s within %s; the limit is %s.',
                             v_count, array_to_string(p_addresses, ', '), v_window, v_limit),
            HINT    = 'Do not answer courtesies.  Say something new, name the issue, task or file that it is about, or '
                      'wait.  Applications call agentry_chat.reset_agent_breaker(), or set chat.breaker to off.';
    END IF;
    RETURN v_shape;
END;
$_check_breaker$;

COMMENT ON FUNCTION agentry_chat._check_breaker(uuid, text, text, text[], bigint, text) IS
    'Refuses an answer that repeats itself too often, else returns its shape (NULL: not counted).';
