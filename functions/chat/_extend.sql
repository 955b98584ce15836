-- _extend(organisation, agent, chat_id, lease, token) -> lease_until: extend_agent_message() for an agent that is known
CREATE OR REPLACE FUNCTION agentry_chat._extend(
    p_org_id  uuid,
    p_agent   text,
    p_chat_id bigint,
    p_lease   interval,
    p_token   integer
)
RETURNS timestamptz
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_extend$
DECLARE
    v_until timestamptz;
BEGIN
    IF coalesce(p_lease NOT BETWEEN interval '1 second' AND interval '1 day', true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'lease is out of range',
            DETAIL  = format('got: %s', p_lease),
            HINT    = 'A lease is 1 second to 1 day.';
    END IF;
    PERFORM agentry_chat._hold(p_org_id, p_agent, p_chat_id, p_token);
    UPDATE agentry_chat.agent_chat_processed AS p
    SET lease_until = greatest(p.lease_until, agentry._clock() + p_lease)
    WHERE p.org_id = p_org_id AND p.chat_id = p_chat_id AND p.agent = p_agent
    RETURNING p.lease_until INTO v_until;
    RETURN v_until;
END;
$_extend$;

COMMENT ON FUNCTION agentry_chat._extend(uuid, text, bigint, interval, integer) IS
    'Prolongs the lease of a message for an agent that is known.';
