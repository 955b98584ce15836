-- inbox_channel([agent]) -> text
-- The channel to LISTEN on for an inbox: agent_chat in the default organisation, one of its own elsewhere.
-- Raises what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_chat.inbox_channel(p_agent text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $inbox_channel$
DECLARE
    v_actor record;
BEGIN
    v_actor := agentry._actor(p_agent);
    IF EXISTS (SELECT FROM agentry.organizations AS o WHERE o.id = v_actor.org_id AND o.is_default) THEN
        RETURN 'agent_chat';
    END IF;
    RETURN agentry_chat._channel(v_actor.org_id, v_actor.agent);
END;
$inbox_channel$;

COMMENT ON FUNCTION agentry_chat.inbox_channel(text) IS
    'The channel to LISTEN on for the inbox of an agent [the current one]: agent_chat in the default organisation; '
    'elsewhere a name that only the agent itself, applications and administrators are told.  Raises '
    'insufficient_privilege, undefined_object.';
