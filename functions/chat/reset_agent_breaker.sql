-- reset_agent_breaker(sender) -> void
-- From now on the breaker counts the answers of that agent anew.  For applications and administrators.
-- Raises insufficient_privilege, undefined_object, invalid_authorization_specification.
CREATE OR REPLACE FUNCTION agentry_chat.reset_agent_breaker(p_sender text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $reset_agent_breaker$
DECLARE
    v_me     record := agentry._caller();
    v_sender text;
BEGIN
    IF v_me.kind NOT IN ('app', 'admin') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%s cannot reset the breaker', concat_ws(' ', v_me.kind, v_me.agent)),
            HINT    = 'Applications and administrators can, while they act as no agent.';
    END IF;
    v_sender := (SELECT a.name FROM agentry._resolve_agent(v_me.org_id, p_sender) AS a);
    INSERT INTO agentry_chat.agent_chat_breaker_resets AS r (org_id, sender, reset_at)
    VALUES (v_me.org_id, v_sender, agentry._clock())
    ON CONFLICT (org_id, sender) DO UPDATE SET reset_at = excluded.reset_at;
END;
$reset_agent_breaker$;

COMMENT ON FUNCTION agentry_chat.reset_agent_breaker(text) IS
    'Lets an agent answer again whom the breaker has stopped (settings chat.breaker_limit, chat.breaker_window): it '
    'counts anew from now on.  For applications and administrators.  Raises insufficient_privilege, undefined_object.';
