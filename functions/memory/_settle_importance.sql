-- _settle_importance([least]) -> bigint
-- Maintenance of what counts importance: for an agent that has as many rows as least it makes one of them; returns how
-- many went.  An agent that is reflecting is left for the next time, as what this adds up could not be seen there; the
-- locks are held until the transaction ends, so there is a limit to how many agents it takes.
CREATE OR REPLACE FUNCTION agentry_memory._settle_importance(p_least bigint DEFAULT 16)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_settle_importance$
DECLARE
    v_agent record;
    v_rows  bigint;
    v_count bigint := 0;
BEGIN
    FOR v_agent IN
        SELECT w.org_id, w.agent_id
        FROM agentry_memory.memory_importance AS w
        GROUP BY w.org_id, w.agent_id
        HAVING count(*) >= p_least
        ORDER BY count(*) DESC, w.org_id, w.agent_id
        LIMIT 500
    LOOP
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(
            agentry_memory._reflection_key(v_agent.org_id, v_agent.agent_id));
        WITH taken AS (
            DELETE FROM agentry_memory.memory_importance AS w
            WHERE w.org_id = v_agent.org_id AND w.agent_id = v_agent.agent_id
            RETURNING w.importance, w.memories, w.since
        ), added AS (
            INSERT INTO agentry_memory.memory_importance (org_id, agent_id, importance, memories, since)
            SELECT v_agent.org_id, v_agent.agent_id, sum(t.importance), sum(t.memories), min(t.since)
            FROM taken AS t
            HAVING count(*) > 0
        )
        SELECT greatest(count(*) - 1, 0) INTO v_rows FROM taken AS t;
        v_count := v_count + v_rows;
    END LOOP;
    RETURN v_count;
END;
$_settle_importance$;

COMMENT ON FUNCTION agentry_memory._settle_importance(bigint) IS
    'Maintenance of what counts importance: makes one row of several for an agent.';
