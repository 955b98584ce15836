-- _arm_wake(organisation, agent): from here on the next message tells the inbox again
-- Called by a claim that found less than it may take, before it looks again.  A sender that looked before this, and so
-- may stay silent, is in its commit: it holds the bucket's lock until the commit is done, and the claim waits for that,
-- then sees the message.  A sender that looks after this finds the inbox not told, even while this transaction is open
-- (xmax), and tells it.  A claim that may not see the message of a silent sender tells its own inbox, to be asked
-- again: where that commit takes too long, and where the transaction's snapshot is older than the silence.
CREATE OR REPLACE FUNCTION agentry_chat._arm_wake(p_org_id uuid, p_agent text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_arm_wake$
DECLARE
    v_bucket integer := agentry_chat._wake_key(p_org_id, p_agent);
    v_blind  boolean;
BEGIN
    DELETE FROM agentry_chat.agent_chat_told AS t
    WHERE t.org_id = p_org_id
      AND t.agent = p_agent
      AND t.id = ANY (ARRAY(SELECT o.id
                            FROM agentry_chat.agent_chat_told AS o
                            WHERE o.org_id = p_org_id AND o.agent = p_agent
                            FOR UPDATE SKIP LOCKED));
    v_blind := FOUND AND current_setting('transaction_isolation') IN ('repeatable read', 'serializable');
    IF pg_try_advisory_lock(agentry_chat._wake_class(1), v_bucket) THEN
        PERFORM pg_advisory_unlock(agentry_chat._wake_class(1), v_bucket);
    ELSIF NOT agentry_chat._wait_for_buckets(1, ARRAY[v_bucket], true) THEN
        v_blind := true;
    END IF;
    IF v_blind AND agentry._setting(p_org_id, 'chat.notify') = '"wake"' THEN
        PERFORM agentry_chat._notify(p_org_id, NULL, NULL, ARRAY[p_agent], 'wake');
    END IF;
END;
$_arm_wake$;

COMMENT ON FUNCTION agentry_chat._arm_wake(uuid, text) IS
    'Lets the next message tell this inbox again; called by a claim before it looks again.';
