-- _refuse_memory(id): the error for a memory that the caller did not get to change
-- Raises insufficient_privilege where the caller may read it, else undefined_object.
CREATE OR REPLACE FUNCTION agentry_memory._refuse_memory(p_id uuid)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_memory$
BEGIN
    IF EXISTS (SELECT
               FROM agentry_memory.agent_memories AS m
               WHERE m.org_id = agentry.current_org_id() AND m.id = p_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('memory %s is not yours', p_id),
            DETAIL  = 'Its scope lets you read it.',
            HINT    = 'Ask the agent whose it is, or an application.';
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'undefined_object',
        MESSAGE = format('memory %s does not exist', coalesce(p_id::text, 'NULL')),
        HINT    = 'Memories stand in agentry_memory.agent_memories, as far as you may read them.';
END;
$_refuse_memory$;

COMMENT ON FUNCTION agentry_memory._refuse_memory(uuid) IS
    'Raises the error for a memory that the caller did not get to change.';
