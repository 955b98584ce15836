-- Tells recipients of a new message, at the very end of its transaction, as the setting chat.notify says.
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
AS $_agent_chat_notify$
DECLARE
    v_mode text;
    v_tell text[];
BEGIN
    IF NEW.readers[3] IS NULL AND NEW.sender <> ALL (NEW.recipients) THEN
        -- most often one recipient.  Locks, then looks: CASE keeps that order.  A row that a claim is just deleting, or
        -- has deleted since this statement began, has its xmax and counts as gone.
        SELECT m.mode,
               CASE
                   WHEN m.mode = 'off' THEN '{}'
                   WHEN m.mode = 'wake'
                        AND pg_try_advisory_xact_lock_shared(
                            agentry_chat._wake_class(1), agentry_chat._wake_key(NEW.org_id, NEW.readers[2]))
                   THEN (SELECT CASE count(*) WHEN 0 THEN NEW.readers[2:2] ELSE '{}' END
                         FROM agentry_chat.agent_chat_told AS o
                         WHERE o.org_id = NEW.org_id AND o.agent = NEW.readers[2] AND o.xmax = 0)
                   ELSE NEW.readers[2:2]
               END
        INTO v_mode, v_tell
        FROM (SELECT coalesce((SELECT s.value
                               FROM agentry.settings AS s
                               WHERE s.org_id = NEW.org_id AND s.name = 'chat.notify'),
                              (SELECT t.default_value
                               FROM agentry.setting_types AS t
                               WHERE t.name = 'chat.notify')) #>> '{}' OFFSET 0) AS m (mode);
    ELSE
        v_mode := agentry._setting(NEW.org_id, 'chat.notify') #>> '{}';
        v_tell := CASE
                      WHEN v_mode = 'off' THEN '{}'
                      WHEN NEW.sender = ANY (NEW.recipients) THEN NEW.readers
                      ELSE NEW.readers[2:]
                  END;
    END IF;
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
            FOR EACH ROW WHEN (NEW.announce) EXECUTE FUNCTION agentry_chat._agent_chat_notify();
    END IF;
END;
$install$;
