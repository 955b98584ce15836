-- _hold(organisation, agent, chat_id, token) -> sender: locks a delivery that the token holds; nobody else is let by
-- A lease that ran out still holds until the message is claimed again.
-- Raises undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_chat._hold(p_org_id uuid, p_agent text, p_chat_id bigint, p_token integer)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_hold$
DECLARE
    v_row record := agentry_chat._lock_delivery(p_org_id, p_agent, p_chat_id, p_token);
BEGIN
    IF v_row.status <> 'received' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('message %s is %s, and nobody holds it', p_chat_id, v_row.status),
            HINT    = 'Claim it first: agentry_chat.claim_agent_messages().';
    END IF;
    RETURN v_row.sender;
END;
$_hold$;

COMMENT ON FUNCTION agentry_chat._hold(uuid, text, bigint, integer) IS
    'Locks a delivery that the token holds, and returns its sender.';
