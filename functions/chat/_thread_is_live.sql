-- _thread_is_live(organisation, thread, since) -> boolean: whether it has a message since then, or an open delivery
CREATE OR REPLACE FUNCTION agentry_chat._thread_is_live(p_org_id uuid, p_thread bigint, p_since timestamptz)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_thread_is_live$
BEGIN
    -- VOLATILE: each call sees what has committed until then
    RETURN EXISTS (
        SELECT
        FROM agentry_chat.agent_chat AS m
        WHERE m.org_id = p_org_id
          AND m.thread = p_thread
          AND (m."timestamp" >= p_since
               OR EXISTS (SELECT
                          FROM agentry_chat.agent_chat_processed AS p
                          WHERE p.org_id = p_org_id AND p.chat_id = m.id AND p.settled_at IS NULL)));
END;
$_thread_is_live$;

COMMENT ON FUNCTION agentry_chat._thread_is_live(uuid, bigint, timestamptz) IS
    'Whether a thread has a message since then, or a delivery that is open.';
