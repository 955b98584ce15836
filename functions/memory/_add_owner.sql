-- _add_owner(organisation, owner, entries, length): adds to the totals of an owner, as _add_terms() does
CREATE OR REPLACE FUNCTION agentry_memory._add_owner(
    p_org_id uuid, p_owner_id uuid, p_entries bigint, p_length bigint
)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_add_owner$
    WITH held AS MATERIALIZED (
        SELECT w.ctid AS row
        FROM agentry_memory.memory_owners AS w
        WHERE w.org_id = p_org_id AND w.owner_id = p_owner_id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ), added AS (
        UPDATE agentry_memory.memory_owners AS w
        SET entries = w.entries + p_entries, length = w.length + p_length
        FROM held AS h
        WHERE w.ctid = h.row
        RETURNING w.id
    )
    INSERT INTO agentry_memory.memory_owners (org_id, owner_id, entries, length)
    SELECT p_org_id, p_owner_id, p_entries, p_length
    WHERE NOT EXISTS (SELECT FROM added)
$_add_owner$;

COMMENT ON FUNCTION agentry_memory._add_owner(uuid, uuid, bigint, bigint) IS
    'Adds to the totals of an owner, without waiting for anybody.';
