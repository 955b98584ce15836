-- act_as(agent [, for_connection]) -> void
-- Lets an application, an administrator or the owning user act as an agent, for this transaction or the connection;
-- NULL ends it.  Raises insufficient_privilege, undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry.act_as(p_agent text, p_for_connection boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $act_as$
BEGIN
    -- rights are those of the caller itself, not of an agent that it acts as already
    PERFORM set_config('agentry.act_as', '', NOT p_for_connection);
    IF p_agent IS NOT NULL THEN
        PERFORM set_config('agentry.act_as', (agentry._actor(p_agent)).agent, NOT p_for_connection);
    END IF;
END;
$act_as$;

COMMENT ON FUNCTION agentry.act_as(text, boolean) IS
    'Acts as an agent for this transaction [default] or the connection: for applications, administrators, and users '
    'for their own agents.  NULL ends it.  Raises insufficient_privilege, undefined_object, '
    'object_not_in_prerequisite_state.';
