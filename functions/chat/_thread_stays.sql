-- _thread_stays(organisation, thread, since, held) -> boolean
-- Whether retention leaves a thread: it has a message since then, an open delivery, or one of the agents that are held.
CREATE OR REPLACE FUNCTION agentry_chat._thread_stays(
    p_org_id uuid,
    p_thread bigint,
    p_since  timestamptz,
    p_held   text[]
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_thread_stays$
BEGIN
    -- VOLATILE: each call sees what has committed until then
    RETURN EXISTS (
        SELECT
        FROM agentry_chat.agent_chat AS m
        WHERE m.org_id = p_org_id
          AND m.thread = p_thread
          AND (m."timestamp" >= p_since
               OR m.sender = ANY (p_held)
               OR EXISTS (SELECT
                          FROM agentry_chat.agent_chat_processed AS p
                          WHERE p.org_id = p_org_id
                            AND p.agent = ANY (m.readers)
                            AND p.chat_id = m.id
                            AND (p.settled_at IS NULL OR p.agent = ANY (p_held)))));
END;
$_thread_stays$;

COMMENT ON FUNCTION agentry_chat._thread_stays(uuid, bigint, timestamptz, text[]) IS
    'Whether retention leaves a thread as it is.';
