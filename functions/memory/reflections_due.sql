-- reflections_due([agent, now]) -> agent, importance, memories, since
-- Agents that have enough to reflect on: importance since the last reflection, and memories, as their settings say, and
-- not too many reflections within the 24 hours before now.  Without an agent: all that whoever is asking may act for.
-- Raises what _actor() and _caller() raise.
CREATE OR REPLACE FUNCTION agentry_memory.reflections_due(
    p_agent text        DEFAULT NULL,
    p_now   timestamptz DEFAULT pg_catalog.now()
)
RETURNS TABLE (agent text, importance real, memories bigint, since timestamptz)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $reflections_due$
DECLARE
    v_me record;
BEGIN
    IF p_agent IS NULL THEN
        v_me := agentry._caller();
    ELSE
        SELECT a.org_id, a.agent_id, NULL::uuid AS user_id, 'agent' AS kind
        INTO v_me
        FROM agentry._actor(p_agent) AS a;
    END IF;
    RETURN QUERY
    SELECT d.agent, d.importance, d.memories, d.since
    FROM agentry_memory._reflections_due(v_me.org_id, CASE v_me.kind WHEN 'agent' THEN v_me.agent_id END,
                                         CASE v_me.kind WHEN 'user' THEN v_me.user_id END, p_now) AS d;
END;
$reflections_due$;

COMMENT ON FUNCTION agentry_memory.reflections_due(text, timestamptz) IS
    'Agents that have enough to reflect on: the importance of what they have remembered since the last reflection (a '
    'sum of numbers of 0 to 1), how many memories that is, and since when.  As memory_settings() says: from 15 on, '
    'which is 150 where importance goes from 1 to 10 (Park et al. 2023, section 4.2), from 5 memories on, unless there '
    'were 3 reflections in the 24 hours before p_now.  An agent [all that whoever is asking may act for].  Raises '
    'undefined_object, insufficient_privilege.';
