-- What new links say for or against views is counted.
CREATE OR REPLACE FUNCTION agentry_memory._memory_links_views_insert()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_memory_links_views_insert$
BEGIN
    PERFORM agentry_memory._count_evidence(n.org_id, array_agg(DISTINCT n.to_id))
    FROM new_rows AS n
    WHERE n.to_kind = 'view' AND n.relation IN ('supports', 'contradicts')
    GROUP BY n.org_id;
    RETURN NULL;
END;
$_memory_links_views_insert$;

COMMENT ON FUNCTION agentry_memory._memory_links_views_insert() IS 'Counts what new links say for or against views.';

-- install
CREATE OR REPLACE TRIGGER memory_links_views_insert
    AFTER INSERT ON agentry_memory.memory_links
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_memory._memory_links_views_insert();
