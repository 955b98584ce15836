-- What changed links say, or said, for or against views is counted anew.
CREATE OR REPLACE FUNCTION agentry_memory._memory_links_views_update()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_memory_links_views_update$
BEGIN
    PERFORM agentry_memory._count_evidence(c.org_id, array_agg(DISTINCT c.to_id))
    FROM (SELECT n.org_id, n.to_kind, n.to_id, n.relation FROM new_rows AS n
          UNION ALL
          SELECT o.org_id, o.to_kind, o.to_id, o.relation FROM old_rows AS o) AS c
    WHERE c.to_kind = 'view' AND c.relation IN ('supports', 'contradicts')
    GROUP BY c.org_id;
    RETURN NULL;
END;
$_memory_links_views_update$;

COMMENT ON FUNCTION agentry_memory._memory_links_views_update() IS
    'Counts anew what changed links say for or against views.';

-- install
CREATE OR REPLACE TRIGGER memory_links_views_update
    AFTER UPDATE ON agentry_memory.memory_links
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._memory_links_views_update();
