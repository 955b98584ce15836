-- _are_plain(organisation, names, senders) -> boolean
-- Whether all are names of agents that everyone sees and that get messages; locks them and the senders as _send() does.
CREATE OR REPLACE FUNCTION agentry_chat._are_plain(p_org_id uuid, p_names text[], p_senders text[])
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_are_plain$
BEGIN
    RETURN (
        SELECT count(*) FILTER (WHERE l.is_plain AND l.name = ANY (p_names)) = cardinality(p_names)
               AND count(*) FILTER (WHERE l.name = ANY (p_senders))
                   = (SELECT count(DISTINCT s.name) FROM unnest(p_senders) AS s (name))
        FROM (SELECT a.name, a.scope = 'organisation' AND a.status IN ('active', 'inactive') AS is_plain
              FROM agentry.agents AS a
              WHERE a.org_id = p_org_id AND a.name = ANY (p_names || p_senders)
              ORDER BY a.name
              FOR KEY SHARE) AS l);
END;
$_are_plain$;

COMMENT ON FUNCTION agentry_chat._are_plain(uuid, text[], text[]) IS
    'Whether all are names of agents that everyone sees and that get messages; locks them.';
