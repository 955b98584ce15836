-- A version of a concept stays what it was, for everyone; what is to be true from now on is another version.
CREATE OR REPLACE FUNCTION agentry_memory._stable_concepts_versions()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_stable_concepts_versions$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        MESSAGE = 'a version of a concept never changes',
        DETAIL  = format('Version %s of concept %L.', OLD.version, OLD.canonical_name),
        HINT    = 'agentry_memory.promote_view() makes the next version, deprecate_concept() ends this one.',
        SCHEMA  = TG_TABLE_SCHEMA,
        TABLE   = TG_TABLE_NAME;
END;
$_stable_concepts_versions$;

COMMENT ON FUNCTION agentry_memory._stable_concepts_versions() IS 'Refuses to change a version of a concept.';

-- install
CREATE OR REPLACE TRIGGER stable_concepts_versions
    BEFORE UPDATE ON agentry_memory.stable_concepts
    FOR EACH ROW
    WHEN ((OLD.canonical_name, OLD.display_name, OLD.concept_type, OLD.definition, OLD.version,
           OLD.promotion_confidence, OLD.forced_against, OLD.created_at)
          IS DISTINCT FROM
          (NEW.canonical_name, NEW.display_name, NEW.concept_type, NEW.definition, NEW.version,
           NEW.promotion_confidence, NEW.forced_against, NEW.created_at)
          OR OLD.is_deprecated AND NOT NEW.is_deprecated)
    EXECUTE FUNCTION agentry_memory._stable_concepts_versions();
