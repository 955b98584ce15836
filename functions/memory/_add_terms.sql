-- _add_terms(organisation, terms, counts): adds to document frequencies
-- Waits for nobody: a row of a total that somebody has locked is passed over, and where none can be had one is made.
CREATE OR REPLACE FUNCTION agentry_memory._add_terms(p_org_id uuid, p_terms bigint[], p_counts integer[])
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_add_terms$
    WITH counted AS MATERIALIZED (
        SELECT c.term, c.entries
        FROM unnest(p_terms, p_counts) AS c (term, entries)
    ), held AS MATERIALIZED (
        SELECT m.ctid AS row, m.term
        FROM agentry_memory.memory_terms AS m
        WHERE m.org_id = p_org_id AND m.term = ANY (p_terms)
        FOR UPDATE SKIP LOCKED
    ), added AS (
        UPDATE agentry_memory.memory_terms AS m
        SET entries = m.entries + n.entries
        FROM (SELECT h.term, min(h.row) AS row FROM held AS h GROUP BY h.term) AS h
        JOIN counted AS n ON n.term = h.term
        WHERE m.ctid = h.row
        RETURNING m.term
    )
    INSERT INTO agentry_memory.memory_terms (org_id, term, entries)
    SELECT p_org_id, n.term, n.entries
    FROM counted AS n
    WHERE NOT EXISTS (SELECT FROM added AS a WHERE a.term = n.term)
$_add_terms$;

COMMENT ON FUNCTION agentry_memory._add_terms(uuid, bigint[], integer[]) IS
    'Adds to document frequencies, without waiting for anybody.';
