-- _consolidated_before(organisation, agent, key, type, content, memories) -> uuid: the consolidation that has this key
-- Raises unique_violation where it is another one, or another memory; serialization_failure where this transaction
-- cannot see it.
CREATE OR REPLACE FUNCTION agentry_memory._consolidated_before(
    p_org_id          uuid,
    p_agent_id        uuid,
    p_idempotency_key text,
    p_type            text,
    p_content         jsonb,
    p_memories        uuid[]
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_consolidated_before$
DECLARE
    v_first record;
BEGIN
    SELECT m.id, c.consolidation_type = p_type AND m.content = p_content AND p_memories = ARRAY(
               SELECT l.to_id
               FROM agentry_memory.memory_links AS l
               WHERE l.org_id = p_org_id
                 AND l.from_kind = 'memory'
                 AND l.from_id = m.id
                 AND l.relation IN ('summarises', 'derived_from')
                 AND l.to_kind = 'memory'
               ORDER BY l.to_id) AS same
    INTO v_first
    FROM agentry_memory.agent_memories AS m
    LEFT JOIN agentry_memory.memory_consolidations AS c ON c.org_id = m.org_id AND c.consolidated_memory_id = m.id
    WHERE m.org_id = p_org_id AND m.agent_id = p_agent_id AND m.idempotency_key = p_idempotency_key;
    IF v_first.same IS NOT TRUE THEN
        PERFORM agentry._refuse_used_key(
            p_idempotency_key, 'memory', v_first.id::text,
            format('Memory %s has it, with another type, content or sources.', v_first.id));
    END IF;
    RETURN v_first.id;
END;
$_consolidated_before$;

COMMENT ON FUNCTION agentry_memory._consolidated_before(uuid, uuid, text, text, jsonb, uuid[]) IS
    'The consolidation that has this idempotency key already; refuses another one.';
