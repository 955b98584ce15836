-- _release(organisation, agent, chat_id, token): release_agent_message() for an agent that is known
CREATE OR REPLACE FUNCTION agentry_chat._release(p_org_id uuid, p_agent text, p_chat_id bigint, p_token integer)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_release$
DECLARE
    v_sender text := agentry_chat._hold(p_org_id, p_agent, p_chat_id, p_token);
BEGIN
    -- attempts stays: the next claim has a token of its own
    UPDATE agentry_chat.agent_chat_processed AS p
    SET status = 'pending', uncounted = p.uncounted + 1, available_at = agentry._clock(), lease_until = NULL
    WHERE p.org_id = p_org_id AND p.chat_id = p_chat_id AND p.agent = p_agent;
    PERFORM agentry_chat._tell(p_org_id, p_agent, p_chat_id, v_sender);
END;
$_release$;

COMMENT ON FUNCTION agentry_chat._release(uuid, text, bigint, integer) IS
    'Gives a claim back for an agent that is known.';
