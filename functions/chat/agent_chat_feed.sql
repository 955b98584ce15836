-- agent_chat_feed([after, limit]) -> cursor, chat_id, sender, message, ...
-- Messages that whoever is asking may read, for those who follow the chat: each once, when the cursor of the last row
-- is passed on.  Ids are given before a commit and become visible in another order, so a reader of ids would miss some.
-- The feed is in the order of transactions, and ends below the oldest that is running (of those that write): what is
-- there can no longer get a row in between.  So it needs neither a lock nor a write, works on a standby, and under any
-- isolation level; an open transaction holds it back, its own too.  A number given at commit would need a lock that all
-- senders wait for, one given later an UPDATE of every message.  After a restore into another server transaction ids
-- start elsewhere: see _feed_position(); until the first message there, all that came with the dump is long finished.
-- Raises invalid_parameter_value and what _caller() raises.
CREATE OR REPLACE FUNCTION agentry_chat.agent_chat_feed(p_after text DEFAULT NULL, p_limit integer DEFAULT 50)
RETURNS TABLE (
    cursor      text,
    chat_id     bigint,
    sender      text,
    message     text,
    recipients  text[],
    reply_to    bigint,
    thread      bigint,
    priority    smallint,
    "timestamp" timestamptz
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $agent_chat_feed$
#variable_conflict use_column
DECLARE
    v_me       record := agentry._caller();
    v_all      boolean := agentry.sees_organisation();
    v_state    record;
    v_finished bigint;
    v_position bigint := 0;
    v_id       bigint := 0;
BEGIN
    IF coalesce(p_limit NOT BETWEEN 1 AND 1000, true) OR p_after !~ '^\d{1,18}-\d{1,18}$' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'cursor or limit is not right',
            DETAIL  = format('after: %L, limit: %s', p_after, p_limit),
            HINT    = 'After is the cursor of the last row that was read, NULL at the beginning; a limit is 1 to 1000.';
    END IF;
    IF p_after IS NOT NULL THEN
        v_position := split_part(p_after, '-', 1)::bigint;
        v_id       := split_part(p_after, '-', 2)::bigint;
    END IF;
    SELECT f.position_offset, f.system_identifier = c.system_identifier AS is_here
    INTO v_state
    FROM pg_control_system() AS c
    LEFT JOIN agentry_chat.agent_chat_feed_state AS f ON f.org_id = v_me.org_id;
    IF coalesce(v_state.is_here, true) THEN
        v_finished := coalesce(v_state.position_offset, 0)
                      + pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
    ELSE
        v_finished := 9223372036854775807;
    END IF;

    RETURN QUERY
    SELECT m.position || '-' || m.id, m.id, m.sender, m.message, m.recipients, m.reply_to, m.thread, m.priority,
           m."timestamp"
    FROM agentry_chat.agent_chat AS m
    WHERE m.org_id = v_me.org_id
      AND (m.position, m.id) > (v_position, v_id)
      AND m.position < v_finished
      -- as in the policy
      AND (v_all
           OR v_me.agent = ANY (m.readers))
    ORDER BY m.position, m.id
    LIMIT p_limit;
END;
$agent_chat_feed$;

COMMENT ON FUNCTION agentry_chat.agent_chat_feed(text, integer) IS
    'Messages that whoever is asking may read, in the order of their transactions, after a cursor [from the '
    'beginning], up to limit (1 to 1000).  Pass the cursor of the last row on and every message comes exactly once, in '
    'whatever order transactions commit; messages wait until all transactions that began to write earlier have ended.  '
    'Changes and locks nothing.  Raises invalid_parameter_value, invalid_authorization_specification.';
