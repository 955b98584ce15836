-- When a memory that was made of others goes, those that were archived for it come back: nothing is lost with it.
-- Before, as the links that name them go with the memory; where a key takes the row along, only this is early enough.
CREATE OR REPLACE FUNCTION agentry_memory._memory_consolidations_delete()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_memory_consolidations_delete$
BEGIN
    PERFORM agentry_memory._return_sources(OLD.org_id, OLD.consolidated_memory_id, OLD.created_at);
    RETURN OLD;
END;
$_memory_consolidations_delete$;

COMMENT ON FUNCTION agentry_memory._memory_consolidations_delete() IS
    'Brings back the sources of a consolidation that goes.';

-- install
CREATE OR REPLACE TRIGGER memory_consolidations_delete
    BEFORE DELETE ON agentry_memory.memory_consolidations
    FOR EACH ROW WHEN (OLD.sources_archived AND OLD.undone_at IS NULL)
    EXECUTE FUNCTION agentry_memory._memory_consolidations_delete();
