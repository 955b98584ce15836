-- _send_plain(organisation, given, senders, messages) -> chat_ids
-- Stores a batch of new messages to plain names at once.  given and senders: names of senders as in the batch, and as
-- resolved.  Of messages to the same recipients the first tells them, unless each has its notification.
-- Raises unique_violation for a key that was used before and a recipient who stands twice.
CREATE OR REPLACE FUNCTION agentry_chat._send_plain(
    p_org_id   uuid,
    p_given    text[],
    p_senders  text[],
    p_messages jsonb
)
RETURNS bigint[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_send_plain$
DECLARE
    v_feed record := agentry_chat._feed_position(p_org_id);
    v_ids  bigint[];
BEGIN
    WITH batch AS MATERIALIZED (
        SELECT nextval('agentry_chat.agent_chat_id_seq') AS id, p_senders[array_position(p_given, m.sender)] AS sender,
               m.message, m.recipients, m.priority, now() + m.expires_in AS expires_at, m.idempotency_key
        FROM agentry_chat._read_messages(p_messages) AS m
    ), sent AS (
        INSERT INTO agentry_chat.agent_chat (
            org_id, id, sender, message, recipients, thread, priority, expires_at, idempotency_key, position, readers,
            announce, by_hand)
        OVERRIDING SYSTEM VALUE
        SELECT p_org_id, b.id, b.sender, b.message, b.recipients, b.id, b.priority, b.expires_at, b.idempotency_key,
               v_feed.place, b.sender || array_remove(b.recipients, b.sender),
               CASE WHEN v_feed.announce = 'each' OR b.id IN (SELECT min(f.id) FROM batch AS f GROUP BY f.recipients)
                    THEN v_feed.announce END,
               false
        FROM batch AS b
    ), delivered AS (
        INSERT INTO agentry_chat.agent_chat_processed (
            org_id, chat_id, agent, sender, priority, available_at, expires_at, by_hand)
        SELECT p_org_id, b.id, r.name, b.sender, b.priority, now(), b.expires_at, false
        FROM batch AS b
        CROSS JOIN LATERAL unnest(b.recipients) AS r (name)
    )
    SELECT array_agg(b.id ORDER BY b.id) INTO v_ids FROM batch AS b;
    RETURN v_ids;
END;
$_send_plain$;

COMMENT ON FUNCTION agentry_chat._send_plain(uuid, text[], text[], jsonb) IS
    'Stores a batch of new messages to plain names at once.';
