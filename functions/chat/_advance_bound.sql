-- _advance_bound(organisation, agent, last_id): moves the bound of an inbox, after a claim that passed many entries
-- While a snapshot is held that may see them, entries of settled deliveries stay in the claims' index, each claim
-- passes those of its inbox, and a busy inbox gets slower and slower.  So claims begin at a bound below which nothing
-- is open.
--
-- last_id: the last id that was given to a message, read before this transaction had an id of its own.  Who sends gets
-- a transaction id first, then the message's.  So lower message ids belong to lower transaction ids, and once those
-- have all ended, what they sent is seen.  Hence two steps: note both, and at the next call, if no such transaction is
-- left, move the bound up to the first open delivery, or to the id that was noted.
-- What is opened again sets the bound back by a row of its own, for which it waits for nobody (_reset_bound).  A row
-- that this does not see stays and counts.
CREATE OR REPLACE FUNCTION agentry_chat._advance_bound(p_org_id uuid, p_agent text, p_last_id bigint)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $_advance_bound$
DECLARE
    v_old   record;
    v_bound bigint;
BEGIN
    -- a snapshot of the transaction sees no ends of others, and would fail where another has moved the bound
    IF p_last_id IS NULL OR current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        RETURN;
    END IF;
    -- who cannot lock all of them leaves it to the one that has
    SELECT array_agg(l.id) AS ids,
           count(l.id) = (SELECT count(*)
                          FROM agentry_chat.agent_chat_bounds AS b
                          WHERE b.org_id = p_org_id AND b.agent = p_agent) AS is_all,
           coalesce(min(l.bound), 0) AS bound,
           min(l.next_bound) AS next_bound,
           max(l.next_xid) AS next_xid
    INTO v_old
    FROM (SELECT b.id, b.bound, b.next_bound, b.next_xid
          FROM agentry_chat.agent_chat_bounds AS b
          WHERE b.org_id = p_org_id AND b.agent = p_agent
          FOR UPDATE SKIP LOCKED) AS l;
    IF NOT v_old.is_all THEN
        RETURN;
    END IF;
    IF v_old.next_xid IS NULL OR v_old.next_xid > pg_current_xact_id() THEN
        -- none was noted, or on the server that a dump came from, whose transactions had come further
        v_bound := v_old.bound;
    ELSE
        -- one snapshot tells whether they have ended and what they left
        v_bound := (
            SELECT least(v_old.next_bound, min(f.chat_id))
            FROM generate_series(1, 10) AS p (priority)
            CROSS JOIN LATERAL (
                SELECT d.chat_id
                FROM agentry_chat.agent_chat_processed AS d
                WHERE d.org_id = p_org_id
                  AND d.agent = p_agent
                  AND d.settled_at IS NULL
                  AND d.priority = p.priority
                  AND d.chat_id >= v_old.bound
                ORDER BY d.chat_id
                LIMIT 1) AS f
            HAVING v_old.next_xid <= pg_snapshot_xmin(pg_current_snapshot()));
        IF v_bound IS NULL OR v_bound = v_old.bound AND v_bound < v_old.next_bound THEN
            RETURN;
        END IF;
    END IF;
    DELETE FROM agentry_chat.agent_chat_bounds AS b
    WHERE b.org_id = p_org_id AND b.agent = p_agent AND b.id = ANY (v_old.ids);
    INSERT INTO agentry_chat.agent_chat_bounds (org_id, agent, bound, next_bound, next_xid)
    VALUES (p_org_id, p_agent, v_bound, p_last_id, pg_current_xact_id());
END;
$_advance_bound$;

COMMENT ON FUNCTION agentry_chat._advance_bound(uuid, text, bigint) IS
    'Moves the bound of an inbox, where its claims begin, up to its first open delivery.';
