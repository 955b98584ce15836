-- _settle_counts() -> bigint
-- Maintenance of the document frequencies: adds up what changed, makes one row of several for a term or an owner, and
-- lets go of terms that are in nothing any more.  Rows that somebody has locked are left for the next time.  Returns
-- how many changes it added up.
CREATE OR REPLACE FUNCTION agentry_memory._settle_counts()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_settle_counts$
DECLARE
    v_count bigint;
BEGIN
    SELECT coalesce(sum(agentry_memory._fold_changes(o.org_id, o.owner_id, 1)), 0)
    INTO v_count
    FROM (SELECT DISTINCT c.org_id, c.owner_id FROM agentry_memory.memory_changes AS c) AS o;

    WITH many AS MATERIALIZED (
        SELECT m.org_id, m.term
        FROM agentry_memory.memory_terms AS m
        GROUP BY m.org_id, m.term
        HAVING count(*) > 1 OR sum(m.entries) = 0
    ), taken AS (
        DELETE FROM agentry_memory.memory_terms AS m
        WHERE m.ctid = ANY (ARRAY(
            SELECT h.ctid
            FROM many AS y
            JOIN agentry_memory.memory_terms AS h ON h.org_id = y.org_id AND h.term = y.term
            FOR UPDATE OF h SKIP LOCKED))
        RETURNING m.org_id, m.term, m.entries
    )
    INSERT INTO agentry_memory.memory_terms (org_id, term, entries)
    SELECT t.org_id, t.term, sum(t.entries)
    FROM taken AS t
    GROUP BY t.org_id, t.term
    HAVING sum(t.entries) <> 0;

    WITH many AS MATERIALIZED (
        SELECT w.org_id, w.owner_id
        FROM agentry_memory.memory_owners AS w
        GROUP BY w.org_id, w.owner_id
        HAVING count(*) > 1 OR sum(w.entries) = 0
    ), taken AS (
        DELETE FROM agentry_memory.memory_owners AS w
        WHERE w.ctid = ANY (ARRAY(
            SELECT h.ctid
            FROM many AS y
            JOIN agentry_memory.memory_owners AS h ON h.org_id = y.org_id AND h.owner_id = y.owner_id
            FOR UPDATE OF h SKIP LOCKED))
        RETURNING w.org_id, w.owner_id, w.entries, w.length
    )
    INSERT INTO agentry_memory.memory_owners (org_id, owner_id, entries, length)
    SELECT t.org_id, t.owner_id, sum(t.entries), sum(t.length)
    FROM taken AS t
    GROUP BY t.org_id, t.owner_id
    HAVING (sum(t.entries), sum(t.length)) <> (0, 0);
    RETURN v_count;
END;
$_settle_counts$;

COMMENT ON FUNCTION agentry_memory._settle_counts() IS
    'Maintenance of the document frequencies: adds up, merges rows, lets go of what is in nothing any more.';
