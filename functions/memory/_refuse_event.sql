-- _refuse_event(memory_id): the error for an event that is not as its memory is
-- Raises check_violation.
CREATE OR REPLACE FUNCTION agentry_memory._refuse_event(p_memory_id uuid)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_event$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation',
        MESSAGE = 'the event is not as its raw memory',
        DETAIL  = format('Raw memory %s has another owner or scope, or was redacted.', p_memory_id),
        HINT    = 'An event has agent_id, user_id, team_id and scope of its memory; agentry_memory.record_event() '
                  'takes them from there.';
END;
$_refuse_event$;

COMMENT ON FUNCTION agentry_memory._refuse_event(uuid) IS
    'Raises the error for an event that is not as its raw memory.';
