-- _lock_delivery(organisation, agent, chat_id, token) -> status, sender, tries
-- Locks a delivery for one who has the token of the last claim, or none for a message that was claimed once at most.
-- Tries: claims that count against chat.max_attempts.
-- Raises undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_chat._lock_delivery(
    p_org_id   uuid,
    p_agent    text,
    p_chat_id  bigint,
    p_token    integer,
    OUT status text,
    OUT sender text,
    OUT tries  integer
)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_lock_delivery$
DECLARE
    v_attempts integer;
BEGIN
    SELECT p.status, p.sender, p.attempts - p.uncounted, p.attempts
    INTO status, sender, tries, v_attempts
    FROM agentry_chat.agent_chat_processed AS p
    WHERE p.org_id = p_org_id AND p.chat_id = p_chat_id AND p.agent = p_agent
    FOR UPDATE;
    IF status IS NULL THEN
        PERFORM agentry_chat._refuse_unknown_message(p_chat_id, p_agent);
    END IF;
    IF v_attempts > 0 AND coalesce(p_token, 1) <> v_attempts THEN
        PERFORM agentry_chat._refuse_stale_token(p_chat_id, p_token, v_attempts);
    END IF;
END;
$_lock_delivery$;

COMMENT ON FUNCTION agentry_chat._lock_delivery(uuid, text, bigint, integer) IS
    'Locks a delivery for one who has the token of its last claim.';
