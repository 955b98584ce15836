-- _send(organisation, sender, message, ...) -> chat_id: send_agent_message() for a sender that is known
-- Locks the sender and the recipients FOR KEY SHARE, as a foreign key would: who is being forgotten gets nothing.  So
-- the triggers that check references have nothing left to check.
CREATE OR REPLACE FUNCTION agentry_chat._send(
    p_org_id          uuid,
    p_sender          text,
    p_message         text,
    p_recipients      text[],
    p_reply_to        bigint,
    p_expires_in      interval,
    p_priority        integer,
    p_idempotency_key text
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_send$
DECLARE
    v_plain     integer;
    v_known     integer;
    v_agents    text[];
    v_addresses text[];
    v_position  bigint;
    v_announce  text;
    v_thread    bigint;
    v_shape     bigint;
    v_id        bigint;
BEGIN
    -- few statements that do much, see _identity(); most often: plain names of agents that everyone sees
    SELECT count(*) FILTER (WHERE a.is_plain), count(*)
    INTO v_plain, v_known
    FROM (SELECT a.name = ANY (p_recipients) AND a.scope = 'organisation' AND a.status IN ('active', 'inactive')
                 AS is_plain
          FROM agentry.agents AS a
          WHERE a.org_id = p_org_id
            AND a.name = ANY (CASE WHEN array_ndims(p_recipients) = 1 AND array_lower(p_recipients, 1) = 1
                                   THEN p_sender || p_recipients END)
          FOR KEY SHARE) AS a;
    IF coalesce(p_message !~ '[^[:space:]]' OR p_priority NOT BETWEEN 1 AND 10, true)
       OR p_expires_in <= interval '0' OR length(p_idempotency_key) NOT BETWEEN 1 AND 255 THEN
        PERFORM agentry_chat._refuse_message(p_message, p_priority, p_expires_in, p_idempotency_key);
    END IF;
    IF v_plain = cardinality(p_recipients) AND v_known = v_plain + (p_sender <> ALL (p_recipients))::integer THEN
        v_addresses := p_recipients;
        v_agents    := p_recipients;
    ELSE
        SELECT e.addresses, e.agents
        INTO v_addresses, v_agents
        FROM agentry_chat._expand_recipients(p_org_id, p_sender, p_recipients) AS e;
        PERFORM agentry_chat._lock_agents(p_org_id, p_sender || v_agents);
    END IF;
    IF p_reply_to IS NOT NULL THEN
        v_thread := agentry_chat._thread_of(p_org_id, p_sender, p_reply_to);
        v_shape  := agentry_chat._check_breaker(p_org_id, p_sender, p_message, v_addresses, v_thread,
                                                p_idempotency_key);
    END IF;
    -- first an id of the transaction, then one for the message: see _advance_bound()
    SELECT f.position_offset + pg_current_xact_id()::text::bigint, nullif(f.notify, 'off'),
           nextval('agentry_chat.agent_chat_id_seq')
    INTO v_position, v_announce, v_id
    FROM agentry_chat.agent_chat_feed_state AS f
    WHERE f.org_id = p_org_id AND f.system_identifier::text = current_setting('agentry_chat.server', true);
    IF v_id IS NULL THEN
        SELECT f.place, f.announce, nextval('agentry_chat.agent_chat_id_seq')
        INTO v_position, v_announce, v_id
        FROM agentry_chat._feed_position(p_org_id) AS f;
    END IF;
    INSERT INTO agentry_chat.agent_chat (
        org_id, id, sender, message, recipients, reply_to, thread, priority, expires_at, idempotency_key, position,
        shape, readers, announce, by_hand)
    OVERRIDING SYSTEM VALUE
    VALUES (p_org_id, v_id, p_sender, p_message, v_addresses, p_reply_to, coalesce(v_thread, v_id), p_priority,
            now() + p_expires_in, p_idempotency_key, v_position, v_shape,
            p_sender || array_remove(v_agents, p_sender), v_announce, false)
    ON CONFLICT (org_id, sender, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING;
    IF NOT FOUND THEN
        RETURN agentry_chat._sent_before(p_org_id, p_sender, p_message, v_addresses, p_reply_to, p_expires_in,
                                         p_priority, p_idempotency_key);
    END IF;
    INSERT INTO agentry_chat.agent_chat_processed (
        org_id, chat_id, agent, sender, priority, available_at, expires_at, by_hand)
    SELECT p_org_id, v_id, t.agent, p_sender, p_priority, now(), now() + p_expires_in, false
    FROM unnest(v_agents) AS t (agent);
    RETURN v_id;
END;
$_send$;

COMMENT ON FUNCTION agentry_chat._send(uuid, text, text, text[], bigint, interval, integer, text) IS
    'Sends a message for a sender that is known.';
