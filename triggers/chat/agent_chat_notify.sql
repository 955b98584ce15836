-- Tells recipients of a new message, at the very end of its transaction, as the setting chat.notify says.
--
-- wake: a recipient is told when it has not been told since its last claim.  Senders neither wait for each other's open
-- transactions nor for a consumer's: this runs in the commit, and the locks are held from here to its end.
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
    v_mode    text := agentry._setting(NEW.org_id, 'chat.notify') #>> '{}';
    v_agents  text[];
    v_buckets integer[];
    v_silent  boolean;
BEGIN
    IF v_mode = 'off' THEN
        RETURN NULL;
    END IF;
    v_agents := ARRAY(SELECT p.agent
                      FROM agentry_chat.agent_chat_processed AS p
                      WHERE p.org_id = NEW.org_id AND p.chat_id = NEW.id
                      ORDER BY p.agent);
    IF v_mode = 'wake' THEN
        v_buckets := ARRAY(SELECT agentry_chat._wake_keys(NEW.org_id, v_agents));
        v_silent := (SELECT coalesce(bool_and(pg_try_advisory_xact_lock_shared(agentry_chat._wake_class(1), b)), true)
                     FROM unnest(v_buckets) AS b)
                    OR agentry_chat._wait_for_buckets(1, v_buckets, false);
        IF v_silent THEN
            v_agents := agentry_chat._untold(NEW.org_id, v_agents);
            IF v_agents = '{}' THEN
                RETURN NULL;
            END IF;
            v_buckets := ARRAY(SELECT agentry_chat._wake_keys(NEW.org_id, v_agents));
            -- several in their order: to try each would take some that another broadcast waits for
            IF cardinality(v_buckets) = 1 AND pg_try_advisory_xact_lock(agentry_chat._wake_class(2), v_buckets[1])
               OR agentry_chat._wait_for_buckets(2, v_buckets, false) THEN
                -- somebody may have told them meanwhile
                v_agents := agentry_chat._untold(NEW.org_id, v_agents);
                INSERT INTO agentry_chat.agent_chat_told (org_id, agent)
                SELECT NEW.org_id, a FROM unnest(v_agents) AS a;
            END IF;
        END IF;
    END IF;
    PERFORM agentry_chat._notify(NEW.org_id, NEW.id, NEW.sender, v_agents, v_mode);
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
            FOR EACH ROW EXECUTE FUNCTION agentry_chat._agent_chat_notify();
    END IF;
END;
$install$;
