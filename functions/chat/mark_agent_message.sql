-- mark_agent_message(chat_id, agent, status [, token, error]) -> status
-- Says what became of a claimed message: responded or routed settle it (routed may become responded later), failed
-- makes it due again after a wait, or a dead letter after the last attempt.  Without a token only a message that was
-- claimed once.
-- Raises invalid_parameter_value, undefined_object, object_not_in_prerequisite_state and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_chat.mark_agent_message(
    p_chat_id bigint,
    p_agent   text,
    p_status  text,
    p_token   integer DEFAULT NULL,
    p_error   text    DEFAULT NULL
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $mark_agent_message$
DECLARE
    v_actor record;
BEGIN
    -- most often: an application, for the last holder, for good; raises where _is_restricted()
    UNLISTEN agentry_probe;
    UPDATE agentry_chat.agent_chat_processed AS p
    SET status        = p_status,
        lease_until   = NULL,
        routed_at     = CASE p_status WHEN 'routed' THEN c.now ELSE p.routed_at END,
        responded_at  = CASE p_status WHEN 'responded' THEN c.now END,
        settled_at    = c.now,
        error_message = coalesce(p_error, p.error_message)
    FROM (SELECT agentry._clock() OFFSET 0) AS c (now)
    WHERE p.org_id = (SELECT a.org_id FROM agentry._app_agent(p_agent) AS a)
      AND p.agent = p_agent
      AND p.chat_id = p_chat_id
      AND p.status = 'received'
      AND p.attempts = coalesce(p_token, 1)
      AND p_status IN ('responded', 'routed');
    IF FOUND THEN
        RETURN p_status;
    END IF;
    v_actor := agentry._actor(p_agent);
    RETURN agentry_chat._mark(v_actor.org_id, v_actor.agent, p_chat_id, p_status, p_token, p_error);
END;
$mark_agent_message$;

COMMENT ON FUNCTION agentry_chat.mark_agent_message(bigint, text, text, integer, text) IS
    'Marks a claimed message of the agent''s inbox (NULL: of the current agent) responded, routed or failed, and '
    'returns its status: failed is due again after the setting chat.retry_delay, dead after chat.max_attempts.  Token: '
    'of the claim; may be left out for a message that was claimed once.  Marking again what is so already changes '
    'nothing.  Raises invalid_parameter_value, undefined_object, object_not_in_prerequisite_state, '
    'insufficient_privilege.';
