-- Tells recipients of a new message, at the very end of its transaction, as the setting chat.notify said when it was
-- sent.
--
-- wake: a recipient is told when it has not been told since its last claim that found less than it asked for (who got
-- as much claims again).  Senders neither wait for each other's open transactions nor for a consumer's: this runs in
-- the commit, and the locks are held from here to its end.
--
--     sender, in its commit                          consumer, in its claim (_arm_wake)
--     1 shared lock of the bucket, class 1           1 delete "told"
--     2 "told" and not being deleted: silent         2 wait until no sender holds class 1
--     3 else lock of class 2: one of them tells      3 look for messages
--
-- Where a lock cannot be had in time, it tells, and so does the claim: too often is harmless, never is not.
CREATE OR REPLACE FUNCTION agentry_chat._agent_chat_notify()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $_agent_chat_notify$
DECLARE
    v_mode text;
    v_tell text[];
BEGIN
    -- most often one recipient.  Locks, then looks, in two statements.  A row that a claim is just deleting, or has
    -- deleted since a snapshot that this transaction keeps, has its xmax and counts as gone.
    IF NEW.announce = 'wake' AND cardinality(NEW.readers) = 2 AND NEW.sender <> ALL (NEW.recipients)
       AND pg_try_advisory_xact_lock_shared(
               agentry_chat._wake_class(1), agentry_chat._wake_key(NEW.org_id, NEW.readers[2])) THEN
        PERFORM
        FROM agentry_chat.agent_chat_told AS t
        WHERE t.org_id = NEW.org_id AND t.agent = NEW.readers[2] AND t.xmax = 0;
        IF FOUND THEN
            RETURN NULL;
        END IF;
    END IF;

    v_mode := CASE NEW.announce WHEN 'ask' THEN agentry._setting(NEW.org_id, 'chat.notify') #>> '{}'
                                ELSE NEW.announce END;
    v_tell := CASE
                  WHEN v_mode = 'off' THEN '{}'
                  WHEN NEW.sender = ANY (NEW.recipients) THEN NEW.readers
                  ELSE NEW.readers[2:]
              END;
    IF v_tell <> '{}' THEN
        PERFORM agentry_chat._announce(NEW.org_id, NEW.id, NEW.sender, v_tell, v_mode);
    END IF;
    RETURN NULL;
END;
$_agent_chat_notify$;

COMMENT ON FUNCTION agentry_chat._agent_chat_notify() IS
    'Tells recipients of a new message at the end of its transaction.';

-- install
DO $install$
BEGIN
    -- constraint triggers know no OR REPLACE
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger
                   WHERE tgrelid = 'agentry_chat.agent_chat'::regclass AND tgname = 'agent_chat_notify') THEN
        CREATE CONSTRAINT TRIGGER agent_chat_notify
            AFTER INSERT ON agentry_chat.agent_chat
            DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.announce IS NOT NULL) EXECUTE FUNCTION agentry_chat._agent_chat_notify();
    END IF;
END;
$install$;
