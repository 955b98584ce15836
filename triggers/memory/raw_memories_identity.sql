-- Id and time of a raw memory tell each other: a time goes to the millisecond, an id that is not given is made of it,
-- another one must be of it.  Neither they nor the owner ever change, and what was redacted stays so.
CREATE OR REPLACE FUNCTION agentry_memory._raw_memories_identity()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_raw_memories_identity$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.created_at := date_trunc('milliseconds', NEW.created_at);
        -- an id has 48 bits of milliseconds
        IF NEW.created_at >= '1970-01-01 00:00+00' AND NEW.created_at < '10889-01-01 00:00+00' THEN
            IF NEW.memory_id IS NULL THEN
                NEW.memory_id := agentry.uuidv7(NEW.created_at);
            END IF;
            IF agentry.uuidv7_time(NEW.memory_id) = NEW.created_at THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = 'the id of a raw memory is not of its time',
            DETAIL  = format('memory_id: %s, of %s; created_at: %s', NEW.memory_id,
                             coalesce(agentry.uuidv7_time(NEW.memory_id)::text, 'no time'), NEW.created_at),
            HINT    = 'Leave the id out, or give created_at as agentry.uuidv7_time(memory_id); a time is from 1970 to '
                      '10888.';
    END IF;
    IF (NEW.org_id, NEW.memory_id, NEW.created_at, NEW.agent_id, NEW.user_id, NEW.team_id, NEW.scope,
        NEW.idempotency_key)
       IS DISTINCT FROM (OLD.org_id, OLD.memory_id, OLD.created_at, OLD.agent_id, OLD.user_id, OLD.team_id, OLD.scope,
                         OLD.idempotency_key)
       OR NEW.redacted_at IS DISTINCT FROM OLD.redacted_at AND NOT agentry._is_erasing() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation',
            MESSAGE = 'id, time, owner, scope and redaction of a raw memory do not change',
            DETAIL  = format('memory_id: %s', OLD.memory_id),
            HINT    = 'Store another one and delete this one; redact it with agentry_memory.redact_raw_memory().';
    END IF;
    RETURN NEW;
END;
$_raw_memories_identity$;

COMMENT ON FUNCTION agentry_memory._raw_memories_identity() IS
    'Makes the id of a raw memory of its time, and refuses changes of id, time, owner and redaction.';

-- install
CREATE OR REPLACE TRIGGER raw_memories_identity
    BEFORE INSERT OR UPDATE ON agentry_memory.raw_memories
    FOR EACH ROW EXECUTE FUNCTION agentry_memory._raw_memories_identity();
