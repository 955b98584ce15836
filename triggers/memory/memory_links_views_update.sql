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
    FROM (SELECT l.org_id, l.to_kind, l.to_id, l.relation
          FROM (SELECT n.* FROM new_rows AS n UNION ALL SELECT o.* FROM old_rows AS o) AS l
          -- twice the same: whatever was changed, it does not count
          GROUP BY l.org_id, l.from_kind, l.from_id, l.relation, l.to_kind, l.to_id, l.weight
          HAVING count(*) = 1) AS c
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
