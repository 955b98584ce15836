-- An idempotency key is used once, whatever the month; remember_raw() has it already.
CREATE OR REPLACE FUNCTION agentry_memory._raw_memories_insert()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_raw_memories_insert$
BEGIN
    INSERT INTO agentry_memory.raw_memory_keys (org_id, owner_id, idempotency_key, memory_id)
    SELECT n.org_id, coalesce(n.agent_id, n.user_id, n.team_id, n.org_id), n.idempotency_key, n.memory_id
    FROM new_rows AS n
    WHERE n.idempotency_key IS NOT NULL
      AND NOT EXISTS (SELECT
                      FROM agentry_memory.raw_memory_keys AS k
                      WHERE k.org_id = n.org_id
                        AND k.owner_id = coalesce(n.agent_id, n.user_id, n.team_id, n.org_id)
                        AND k.idempotency_key = n.idempotency_key
                        AND k.memory_id = n.memory_id)
    ORDER BY 1, 2, 3;
    RETURN NULL;
END;
$_raw_memories_insert$;

COMMENT ON FUNCTION agentry_memory._raw_memories_insert() IS 'Keeps the idempotency keys of new raw memories.';

-- install
CREATE OR REPLACE TRIGGER raw_memories_insert
    AFTER INSERT ON agentry_memory.raw_memories
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._raw_memories_insert();
