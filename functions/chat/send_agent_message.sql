-- send_agent_message(sender, message, recipients [, reply_to, expires_in, priority, idempotency_key]) -> chat_id
-- Sends a message.  Recipients are names, aliases, domain:NAME, or * for everyone but the sender.  NULL for the sender
-- is the current agent; another's name is refused.  The same idempotency key and content give the first id again.
-- Raises invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state,
-- unique_violation.
CREATE OR REPLACE FUNCTION agentry_chat.send_agent_message(
    p_sender          text,
    p_message         text,
    p_recipients      text[],
    p_reply_to        bigint   DEFAULT NULL,
    p_expires_in      interval DEFAULT NULL,
    p_priority        integer  DEFAULT 5,
    p_idempotency_key text     DEFAULT NULL
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $send_agent_message$
DECLARE
    v_feed  record;
    v_actor record;
BEGIN
    -- most often an application, and one recipient by its name, whom everyone sees; raises where _is_restricted()
    UNLISTEN agentry_probe;
    -- first an id of the transaction, then one for the message: see _advance_bound()
    SELECT f.org_id, f.position_offset + pg_current_xact_id()::text::bigint AS place,
           nullif(f.notify, 'off') AS announce, nextval('agentry_chat.agent_chat_id_seq') AS id
    INTO v_feed
    FROM agentry_chat.agent_chat_feed_state AS f
    WHERE f.org_id = (SELECT a.org_id FROM agentry._app_agent(p_sender) AS a)
      AND f.system_identifier::text = current_setting('agentry_chat.server', true)
      AND cardinality(p_recipients) = 1
      AND p_message ~ '[^[:space:]]'
      AND p_priority BETWEEN 1 AND 10
      AND p_reply_to IS NULL AND p_expires_in IS NULL AND p_idempotency_key IS NULL
      AND (SELECT count(*)
           FROM (SELECT
                 FROM agentry.agents AS a
                 WHERE a.org_id = f.org_id
                   AND a.name = ANY ((SELECT ARRAY[p_sender, p_recipients[1]])::text[])
                   AND (a.name = p_sender OR a.scope = 'organisation' AND a.status IN ('active', 'inactive'))
                 FOR KEY SHARE) AS l) = 2;
    IF FOUND THEN
        INSERT INTO agentry_chat.agent_chat (
            org_id, id, sender, message, recipients, thread, priority, position, readers, announce, by_hand)
        OVERRIDING SYSTEM VALUE
        VALUES (v_feed.org_id, v_feed.id, p_sender, p_message, p_recipients, v_feed.id, p_priority, v_feed.place,
                p_sender || p_recipients, v_feed.announce, false);
        INSERT INTO agentry_chat.agent_chat_processed (
            org_id, chat_id, agent, sender, priority, available_at, by_hand)
        VALUES (v_feed.org_id, v_feed.id, p_recipients[1], p_sender, p_priority, now(), false);
        RETURN v_feed.id;
    END IF;
    v_actor := agentry._actor(p_sender);
    RETURN agentry_chat._send(v_actor.org_id, v_actor.agent, p_message, p_recipients, p_reply_to, p_expires_in,
                              p_priority, p_idempotency_key);
END;
$send_agent_message$;

COMMENT ON FUNCTION agentry_chat.send_agent_message(text, text, text[], bigint, interval, integer, text) IS
    'Sends a message and returns its id.  Sender: an agent that the caller may act as (NULL: itself).  Recipients: '
    'names or aliases, domain:NAME, or * for every active agent but the sender.  reply_to: a message that the sender '
    'sent or received.  expires_in: how long it is delivered [for ever].  priority: 1 (first) to 10.  idempotency_key: '
    'same key and content give the first id.  Raises invalid_parameter_value, undefined_object, '
    'insufficient_privilege, object_not_in_prerequisite_state, unique_violation.';
