-- _lock_concept_name(organisation, owner, name): from here on nobody else makes a version of that name for that owner
CREATE OR REPLACE FUNCTION agentry_memory._lock_concept_name(p_org_id uuid, p_owner_id uuid, p_name text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_lock_concept_name$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('agentry_memory.concept ' || p_name,
                                                   agentry_memory._owner_seed(p_org_id, p_owner_id)));
END;
$_lock_concept_name$;

COMMENT ON FUNCTION agentry_memory._lock_concept_name(uuid, uuid, text) IS
    'Lets one transaction at a time make a version of a concept.';
