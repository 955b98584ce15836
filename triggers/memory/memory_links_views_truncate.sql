-- Without any links nothing speaks for or against views.
CREATE OR REPLACE FUNCTION agentry_memory._memory_links_views_truncate()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_memory_links_views_truncate$
BEGIN
    PERFORM agentry_memory._count_evidence(v.org_id, array_agg(v.id))
    FROM agentry_memory.cognitive_views AS v
    WHERE v.evidence_count + v.counter_evidence_count > 0
    GROUP BY v.org_id;
    RETURN NULL;
END;
$_memory_links_views_truncate$;

COMMENT ON FUNCTION agentry_memory._memory_links_views_truncate() IS
    'Counts nothing for or against views when all links are gone.';

-- install
CREATE OR REPLACE TRIGGER memory_links_views_truncate
    AFTER TRUNCATE ON agentry_memory.memory_links
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._memory_links_views_truncate();
