-- _send_plain(organisation, given, senders, messages) -> chat_ids; NULL: it is not for this function
-- Stores a batch at once that holds nothing but well-formed messages that open a thread, to agents by their names, all
-- of whom everyone sees and may write to; locks these agents and the senders as _send() does.  given and senders: names
-- of senders as in the batch, and as resolved.  Of messages to the same recipients the first tells them, unless each
-- has its notification.
-- Raises unique_violation for a key that was used before and a recipient who stands twice, and data_exception.
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
SET enable_seqscan = off
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $_send_plain$
DECLARE
    v_feed record := agentry_chat._feed_position(p_org_id);
    v_ids  bigint[];
BEGIN
    WITH batch AS MATERIALIZED (
        SELECT p_senders[array_position(p_given, m.sender)] AS sender, m.message, m.recipients,
               coalesce(m.priority, 5) AS priority, now() + m.expires_in AS expires_at, m.idempotency_key,
               (m.message ~ '[^[:space:]]'
                AND array_ndims(m.recipients) = 1
                AND m.reply_to IS NULL
                AND coalesce(m.priority BETWEEN 1 AND 10, true)
                AND coalesce(m.expires_in > interval '0', true)
                AND coalesce(length(m.idempotency_key) BETWEEN 1 AND 255, true)) IS TRUE AS is_plain
        FROM jsonb_to_recordset(p_messages) AS m (sender text, message text, recipients text[], reply_to bigint,
                                                  expires_in interval, priority integer, idempotency_key text)
    ), names AS MATERIALIZED (
        SELECT array_agg(DISTINCT r.name) AS recipients, array_agg(DISTINCT b.sender) AS senders
        FROM batch AS b
        LEFT JOIN LATERAL unnest(b.recipients) AS r (name) ON true
        HAVING bool_and(b.is_plain)
    ), known AS MATERIALIZED (
        SELECT a.name, a.scope = 'organisation' AND a.status IN ('active', 'inactive') AS is_plain
        FROM agentry.agents AS a
        WHERE a.org_id = p_org_id
          AND a.name = ANY ((SELECT n.recipients || n.senders FROM names AS n)::text[])
        ORDER BY a.name
        FOR KEY SHARE
    ), plain AS MATERIALIZED (
        -- in the order of the batch; after _feed_position(), see _advance_bound()
        SELECT nextval('agentry_chat.agent_chat_id_seq') AS id, b.*
        FROM batch AS b
        WHERE (SELECT cardinality(n.recipients) = (SELECT count(*) FROM known AS k
                                                   WHERE k.is_plain AND k.name = ANY (n.recipients))
                      AND cardinality(n.senders) = (SELECT count(*) FROM known AS k WHERE k.name = ANY (n.senders))
               FROM names AS n)
    ), sent AS (
        INSERT INTO agentry_chat.agent_chat (
            org_id, id, sender, message, recipients, thread, priority, expires_at, idempotency_key, position, readers,
            announce, by_hand)
        OVERRIDING SYSTEM VALUE
        SELECT p_org_id, b.id, b.sender, b.message, b.recipients, b.id, b.priority, b.expires_at, b.idempotency_key,
               v_feed.place, b.sender || array_remove(b.recipients, b.sender),
               CASE WHEN v_feed.announce = 'each' OR b.id IN (SELECT min(f.id) FROM plain AS f GROUP BY f.recipients)
                    THEN v_feed.announce END,
               false
        FROM plain AS b
    ), delivered AS (
        INSERT INTO agentry_chat.agent_chat_processed (
            org_id, chat_id, agent, sender, priority, available_at, expires_at, by_hand)
        SELECT p_org_id, b.id, r.name, b.sender, b.priority, now(), b.expires_at, false
        FROM plain AS b
        CROSS JOIN LATERAL unnest(b.recipients) AS r (name)
    )
    SELECT array_agg(b.id ORDER BY b.id) INTO v_ids FROM plain AS b;
    RETURN v_ids;
END;
$_send_plain$;

COMMENT ON FUNCTION agentry_chat._send_plain(uuid, text[], text[], jsonb) IS
    'Stores a batch of new messages to plain names at once; NULL where it holds others.';
