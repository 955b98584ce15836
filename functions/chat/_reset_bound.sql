-- _reset_bound(organisation, agent): a delivery is opened that may be below the bound of its inbox
-- See _advance_bound().
-- The row of 0 that it adds, or finds and locks, keeps the bound from being moved until this transaction ends.
CREATE OR REPLACE FUNCTION agentry_chat._reset_bound(p_org_id uuid, p_agent text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_reset_bound$
BEGIN
    PERFORM
    FROM agentry_chat.agent_chat_bounds AS b
    WHERE b.org_id = p_org_id AND b.agent = p_agent AND b.bound = 0
    LIMIT 1
    FOR KEY SHARE SKIP LOCKED;
    IF NOT FOUND THEN
        INSERT INTO agentry_chat.agent_chat_bounds (org_id, agent, bound) VALUES (p_org_id, p_agent, 0);
    END IF;
END;
$_reset_bound$;

COMMENT ON FUNCTION agentry_chat._reset_bound(uuid, text) IS 'Lets the claims of an inbox begin at its first delivery.';
