-- _bound(organisation, agent) -> bound: the id below which nothing is open in an inbox; see _advance_bound()
-- For queries of functions with the owner's rights, which inline it.
CREATE OR REPLACE FUNCTION agentry_chat._bound(p_org_id uuid, p_agent text)
RETURNS TABLE (bound bigint)
LANGUAGE sql
STABLE
ROWS 1
AS $_bound$
    SELECT coalesce(pg_catalog.min(b.bound), 0)
    FROM agentry_chat.agent_chat_bounds AS b
    WHERE b.org_id OPERATOR(pg_catalog.=) p_org_id AND b.agent OPERATOR(pg_catalog.=) p_agent
$_bound$;

COMMENT ON FUNCTION agentry_chat._bound(uuid, text) IS 'The id below which nothing is open in an inbox.';
