-- _neighbours(organisation, entry, with neighbours, now) -> step, row_id, content, terms, frequencies
-- An entry (step 0) and up to two on either side of it in its session.
CREATE OR REPLACE FUNCTION agentry_memory._neighbours(
    p_org_id uuid, p_entry_id bigint, p_neighbours boolean, p_now timestamptz
)
RETURNS TABLE (step integer, row_id text, content text, terms bigint[], frequencies smallint[])
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_neighbours$
    WITH self AS (
        SELECT e.* FROM agentry_memory.memory_entries AS e WHERE e.org_id = p_org_id AND e.id = p_entry_id
    )
    SELECT 0, s.row_id, s.content, s.terms, s.frequencies
    FROM self AS s
    UNION ALL
    SELECT -n.step::integer, n.row_id, n.content, n.terms, n.frequencies
    FROM self AS s
    CROSS JOIN LATERAL (
        SELECT e.row_id, e.content, e.terms, e.frequencies,
               row_number() OVER (ORDER BY e.position DESC, e.id DESC) AS step
        FROM agentry_memory.memory_entries AS e
        WHERE e.session_key = s.session_key
          AND (e.position, e.id) < (s.position, s.id)
          AND e.org_id = p_org_id
          AND (e.expires_at IS NULL OR e.expires_at > p_now)
        ORDER BY e.position DESC, e.id DESC
        LIMIT 2) AS n
    WHERE p_neighbours
    UNION ALL
    SELECT n.step::integer, n.row_id, n.content, n.terms, n.frequencies
    FROM self AS s
    CROSS JOIN LATERAL (
        SELECT e.row_id, e.content, e.terms, e.frequencies,
               row_number() OVER (ORDER BY e.position, e.id) AS step
        FROM agentry_memory.memory_entries AS e
        WHERE e.session_key = s.session_key
          AND (e.position, e.id) > (s.position, s.id)
          AND e.org_id = p_org_id
          AND (e.expires_at IS NULL OR e.expires_at > p_now)
        ORDER BY e.position, e.id
        LIMIT 2) AS n
    WHERE p_neighbours
$_neighbours$;

COMMENT ON FUNCTION agentry_memory._neighbours(uuid, bigint, boolean, timestamptz) IS
    'An entry and up to two on either side of it in its session.';
