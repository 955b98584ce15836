-- _remembered_before(organisation, agent, key, type, content, importance) -> uuid: the memory that has this key already
-- Raises unique_violation where it is another one; serialization_failure where this transaction cannot see it.
CREATE OR REPLACE FUNCTION agentry_memory._remembered_before(
    p_org_id          uuid,
    p_agent_id        uuid,
    p_idempotency_key text,
    p_memory_type     text,
    p_content         jsonb,
    p_importance      float8
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_remembered_before$
DECLARE
    v_first record;
BEGIN
    SELECT m.id, (m.memory_type, m.content, m.importance) = (p_memory_type, p_content, p_importance::real) AS same
    INTO v_first
    FROM agentry_memory.agent_memories AS m
    WHERE m.org_id = p_org_id AND m.agent_id = p_agent_id AND m.idempotency_key = p_idempotency_key;
    IF v_first.same IS NOT TRUE THEN
        PERFORM agentry._refuse_used_key(
            p_idempotency_key, 'memory', v_first.id::text,
            format('Memory %s has it, with another type, content or importance.', v_first.id));
    END IF;
    RETURN v_first.id;
END;
$_remembered_before$;

COMMENT ON FUNCTION agentry_memory._remembered_before(uuid, uuid, text, text, jsonb, float8) IS
    'The memory that has this idempotency key already; refuses another one.';
