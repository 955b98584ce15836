-- _recall_scope(agent) -> org_id, owners, seeds
-- Whose entries a recall is over: those of an agent and of its user, team and organisation.  Without an agent: those of
-- whoever is asking, which for applications, readers and administrators are those of everybody in the organisation.
-- The seeds go with the owners (see _owner_seed).
-- Raises what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_memory._recall_scope(
    p_agent    text,
    OUT org_id uuid,
    OUT owners uuid[],
    OUT seeds  bigint[]
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_recall_scope$
DECLARE
    v_me record := agentry._caller();
BEGIN
    -- most often an application, or an agent that is itself
    SELECT v_me.org_id, o.owners, (SELECT array_agg(agentry_memory._owner_seed(v_me.org_id, w.id) ORDER BY w.n)
                                   FROM unnest(o.owners) WITH ORDINALITY AS w (id, n))
    INTO org_id, owners, seeds
    FROM (SELECT array_remove(ARRAY[v_me.agent_id, v_me.user_id, v_me.team_id, v_me.org_id], NULL)
          WHERE p_agent IS NULL AND (v_me.agent_id IS NOT NULL OR v_me.kind = 'user')
                OR p_agent = v_me.agent
          UNION ALL
          SELECT array_remove(ARRAY[a.id, a.user_id, coalesce(a.team_id, u.team_id), v_me.org_id], NULL)
          FROM agentry.agents AS a
          LEFT JOIN agentry.users AS u ON u.org_id = a.org_id AND u.id = a.user_id
          WHERE a.org_id = v_me.org_id
            AND a.name = p_agent
            AND v_me.kind IN ('app', 'reader', 'admin')
            AND a.status NOT IN ('suspended', 'archived')) AS o (owners)
    LIMIT 1;
    IF owners IS NOT NULL THEN
        RETURN;
    END IF;
    org_id := v_me.org_id;
    IF p_agent IS NULL THEN
        owners := ARRAY(SELECT w.owner_id FROM agentry_memory.memory_owners AS w WHERE w.org_id = v_me.org_id
                        UNION
                        SELECT c.owner_id FROM agentry_memory.memory_changes AS c WHERE c.org_id = v_me.org_id);
    ELSE
        IF v_me.kind <> 'reader' THEN
            PERFORM agentry._actor(p_agent);
        END IF;
        SELECT array_remove(ARRAY[a.id, a.user_id, coalesce(a.team_id, u.team_id), v_me.org_id], NULL)
        INTO owners
        FROM agentry._resolve_agent(v_me.org_id, p_agent) AS a
        LEFT JOIN agentry.users AS u ON u.org_id = v_me.org_id AND u.id = a.user_id;
    END IF;
    seeds := ARRAY(SELECT agentry_memory._owner_seed(v_me.org_id, w.id)
                   FROM unnest(owners) WITH ORDINALITY AS w (id, n)
                   ORDER BY w.n);
END;
$_recall_scope$;

COMMENT ON FUNCTION agentry_memory._recall_scope(text) IS 'Whose entries a recall is over.';
