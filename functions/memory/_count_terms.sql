-- _count_terms(organisation, owners, terms) -> bigint: in how many entries terms are, each counted by itself
CREATE OR REPLACE FUNCTION agentry_memory._count_terms(p_org_id uuid, p_owners uuid[], p_terms bigint[])
RETURNS bigint
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $_count_terms$
BEGIN
    RETURN (
        SELECT coalesce(sum(f.entries), 0)
        FROM (SELECT m.entries
              FROM agentry_memory.memory_terms AS m
              WHERE m.org_id = p_org_id AND m.term = ANY (p_terms)
              UNION ALL
              SELECT u.entries
              FROM (SELECT c.entries, unnest(c.terms) AS term
                    FROM agentry_memory.memory_changes AS c
                    WHERE c.org_id = p_org_id AND c.owner_id = ANY (p_owners) AND c.terms && p_terms) AS u
              WHERE u.term = ANY (p_terms)) AS f);
END;
$_count_terms$;

COMMENT ON FUNCTION agentry_memory._count_terms(uuid, uuid[], bigint[]) IS
    'In how many entries of owners terms are, each counted by itself.';
