-- _refuse_held(organisation, memory_id, agent, user): refuses for a raw memory whose agent or user, or the user of the
-- agent, is under a legal hold
-- Raises object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory._refuse_held(
    p_org_id uuid, p_memory_id uuid, p_agent_id uuid, p_user_id uuid
)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_held$
BEGIN
    IF EXISTS (SELECT
               FROM agentry.legal_holds AS h
               WHERE h.org_id = p_org_id
                 AND h.lifted_at IS NULL
                 AND (h.subject_id IN (p_agent_id, p_user_id)
                      OR h.subject_id = (SELECT a.user_id
                                         FROM agentry.agents AS a
                                         WHERE a.org_id = p_org_id AND a.id = p_agent_id))) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('raw memory %s is under a legal hold', p_memory_id),
            DETAIL  = 'The agent or user that it belongs to is.',
            HINT    = 'Lift it first: agentry.lift_legal_hold().';
    END IF;
END;
$_refuse_held$;

COMMENT ON FUNCTION agentry_memory._refuse_held(uuid, uuid, uuid, uuid) IS
    'Refuses for a raw memory whose owner is under a legal hold.';
