-- _untold(organisation, agents) -> agents
-- Those not told since their last claim.  A row that a claim is just deleting (xmax) counts as gone.
CREATE OR REPLACE FUNCTION agentry_chat._untold(p_org_id uuid, p_agents text[])
RETURNS text[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_untold$
BEGIN
    RETURN ARRAY(
        SELECT a.name
        FROM unnest(p_agents) AS a (name)
        WHERE NOT EXISTS (SELECT
                          FROM agentry_chat.agent_chat_told AS t
                          WHERE t.org_id = p_org_id AND t.agent = a.name AND t.xmax = 0));
END;
$_untold$;

COMMENT ON FUNCTION agentry_chat._untold(uuid, text[]) IS
    'Those agents whose inbox has not been told since its last claim.';
