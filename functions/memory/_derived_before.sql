-- _derived_before(organisation, agent, key, hypothesis) -> uuid: the view that has this key already
-- Raises unique_violation where it is another one; serialization_failure where this transaction cannot see it.
CREATE OR REPLACE FUNCTION agentry_memory._derived_before(
    p_org_id          uuid,
    p_agent_id        uuid,
    p_idempotency_key text,
    p_hypothesis      text
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_derived_before$
DECLARE
    v_first record;
BEGIN
    SELECT v.id, v.hypothesis = p_hypothesis AS same
    INTO v_first
    FROM agentry_memory.cognitive_views AS v
    WHERE v.org_id = p_org_id AND v.agent_id = p_agent_id AND v.idempotency_key = p_idempotency_key;
    IF v_first.same IS NOT TRUE THEN
        PERFORM agentry._refuse_used_key(
            p_idempotency_key, 'view', v_first.id::text,
            format('View %s has it, with another hypothesis.', v_first.id));
    END IF;
    RETURN v_first.id;
END;
$_derived_before$;

COMMENT ON FUNCTION agentry_memory._derived_before(uuid, uuid, text, text) IS
    'The view that has this idempotency key already; refuses another one.';
