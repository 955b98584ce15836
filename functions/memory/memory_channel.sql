-- memory_channel() -> text
-- The channel to LISTEN on for new memories: memory_update in the default organisation, one of its own elsewhere.
-- Raises invalid_authorization_specification.
CREATE OR REPLACE FUNCTION agentry_memory.memory_channel()
RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $memory_channel$
BEGIN
    RETURN agentry_memory._memory_channel((agentry._caller()).org_id);
END;
$memory_channel$;

COMMENT ON FUNCTION agentry_memory.memory_channel() IS
    'The channel to LISTEN on for new memories, where the setting memory.notify is on: memory_update in the default '
    'organisation, elsewhere a name that nobody else can guess.  A notification is {agent_id, type: new_memory, ids, '
    'count}, with at most 100 ids.  Raises invalid_authorization_specification.';
