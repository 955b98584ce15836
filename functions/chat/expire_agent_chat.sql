-- expire_agent_chat([keep, limit]) -> messages
-- Removes whole threads, up to limit of them, whose last message is older than keep [the rule of agent_chat in
-- agentry.retention_rules], of which no delivery is open, and in which nobody under legal hold takes part; on record in
-- agentry.erasures.  Messages are locked first (SKIP LOCKED): an answer that is being sent keeps its thread for this
-- time, a later one waits and finds none.
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_chat.expire_agent_chat(p_keep interval DEFAULT NULL, p_limit integer DEFAULT 1000)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $expire_agent_chat$
DECLARE
    v_keep       interval := coalesce(p_keep, (SELECT r.keep_for
                                               FROM agentry.retention_rules AS r
                                               WHERE r.table_name = 'agentry_chat.agent_chat'::regclass));
    v_before     timestamptz := agentry._clock() - v_keep;
    v_org_id     uuid;
    v_held       text[];
    v_threads    bigint[];
    v_left       integer := p_limit;
    v_way        uuid;
    v_deliveries bigint;
    v_messages   bigint;
    v_count      bigint := 0;
BEGIN
    IF p_keep <= interval '0' OR coalesce(p_limit < 1, true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'keep or limit is out of range',
            DETAIL  = format('keep: %s, limit: %s', p_keep, p_limit),
            HINT    = 'Keep is an interval above 0, or NULL for the rule; a limit is 1 or more.';
    END IF;
    IF v_keep IS NULL THEN
        RETURN 0;
    END IF;
    FOR v_org_id IN SELECT o.id FROM agentry.organizations AS o ORDER BY o.id LOOP
        EXIT WHEN v_left = 0;
        v_held := ARRAY(
            SELECT a.name
            FROM agentry.legal_holds AS h
            JOIN agentry.agents AS a ON a.org_id = h.org_id AND h.subject_id IN (a.id, a.user_id)
            WHERE h.org_id = v_org_id AND h.lifted_at IS NULL);
        -- by their oldest message that is there: a first one may have been forgotten
        v_threads := ARRAY(
            SELECT m.thread
            FROM agentry_chat.agent_chat AS m
            WHERE m.org_id = v_org_id
              AND m."timestamp" < v_before
              AND NOT EXISTS (SELECT
                              FROM agentry_chat.agent_chat AS e
                              WHERE e.org_id = v_org_id AND e.thread = m.thread AND e.id < m.id)
              AND NOT agentry_chat._thread_stays(v_org_id, m.thread, v_before, v_held)
            ORDER BY m.id
            LIMIT v_left);
        -- those that nobody answers at this moment
        v_threads := ARRAY(
            SELECT l.thread
            FROM (SELECT m.thread
                  FROM agentry_chat.agent_chat AS m
                  WHERE m.org_id = v_org_id AND m.thread = ANY (v_threads)
                  FOR UPDATE SKIP LOCKED) AS l
            GROUP BY l.thread
            HAVING count(*) = (SELECT count(*)
                               FROM agentry_chat.agent_chat AS a
                               WHERE a.org_id = v_org_id AND a.thread = l.thread));
        -- what was answered or requeued before the locks
        v_threads := ARRAY(
            SELECT t
            FROM unnest(v_threads) AS t
            WHERE NOT agentry_chat._thread_stays(v_org_id, t, v_before, v_held));
        CONTINUE WHEN v_threads = '{}';

        v_way := agentry._open_way('retention', v_org_id);
        DELETE FROM agentry_chat.agent_chat_processed AS p
        USING agentry_chat.agent_chat AS m
        WHERE m.org_id = v_org_id
          AND m.thread = ANY (v_threads)
          AND p.org_id = v_org_id
          AND p.agent = ANY (m.readers)
          AND p.chat_id = m.id
          AND p.settled_at IS NOT NULL;
        GET DIAGNOSTICS v_deliveries = ROW_COUNT;
        DELETE FROM agentry_chat.agent_chat AS m WHERE m.org_id = v_org_id AND m.thread = ANY (v_threads);
        GET DIAGNOSTICS v_messages = ROW_COUNT;
        PERFORM agentry._close_way(v_way, jsonb_build_object(
            'agentry_chat.agent_chat', v_messages, 'agentry_chat.agent_chat_processed', v_deliveries));
        v_count := v_count + v_messages;
        v_left  := v_left - cardinality(v_threads);
    END LOOP;
    RETURN v_count;
END;
$expire_agent_chat$;

COMMENT ON FUNCTION agentry_chat.expire_agent_chat(interval, integer) IS
    'Removes up to limit threads whose last message is older than keep [keep_for of agent_chat in '
    'agentry.retention_rules; NULL: none], of which no delivery is open and in which nobody under legal hold takes '
    'part; returns how many messages that were.  For administrators; a step of agentry.run_maintenance().  Raises '
    'invalid_parameter_value.';
