-- What links said for or against views counts no more when they are gone.
CREATE OR REPLACE FUNCTION agentry_memory._memory_links_views_delete()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_memory_links_views_delete$
BEGIN
    PERFORM agentry_memory._count_evidence(o.org_id, array_agg(DISTINCT o.to_id))
    FROM old_rows AS o
    WHERE o.to_kind = 'view' AND o.relation IN ('supports', 'contradicts')
    GROUP BY o.org_id;
    RETURN NULL;
END;
$_memory_links_views_delete$;

COMMENT ON FUNCTION agentry_memory._memory_links_views_delete() IS
    'Counts no more what links said for or against views when they are gone.';

-- install
CREATE OR REPLACE TRIGGER memory_links_views_delete
    AFTER DELETE ON agentry_memory.memory_links
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._memory_links_views_delete();
