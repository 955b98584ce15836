-- A question is taken apart by the language of the organisation, so its entries have to be too: with another language
-- they are made anew, in the transaction that changes it.
CREATE OR REPLACE FUNCTION agentry_memory._settings_memory_language()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $_settings_memory_language$
DECLARE
    v_org_id   uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.org_id ELSE NEW.org_id END;
    v_name     text := CASE TG_OP WHEN 'DELETE' THEN OLD.name ELSE NEW.name END;
    v_language text;
BEGIN
    IF v_name <> 'memory.language' THEN
        RETURN NULL;
    END IF;
    v_language := agentry._setting(v_org_id, 'memory.language') #>> '{}';
    IF NOT EXISTS (SELECT FROM pg_ts_config AS c WHERE c.oid::regconfig::text = v_language) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('text search configuration %L does not exist', v_language),
            HINT    = 'They stand in pg_ts_config; one outside pg_catalog needs its schema before the name.';
    END IF;
    UPDATE agentry_memory.memory_entries AS e
    SET (length, terms, frequencies) = (
        SELECT x.length, x.terms, x.frequencies
        FROM agentry_memory._terms(v_language::regconfig, agentry_memory._owner_seed(e.org_id, e.owner_id), e.content,
                                   e.tags, e.source_id) AS x)
    WHERE e.org_id = v_org_id;
    RETURN NULL;
END;
$_settings_memory_language$;

COMMENT ON FUNCTION agentry_memory._settings_memory_language() IS
    'Takes the texts of an organisation apart anew when its language changes.';

-- install
CREATE OR REPLACE TRIGGER settings_memory_language
    AFTER INSERT OR UPDATE OR DELETE ON agentry.settings
    FOR EACH ROW EXECUTE FUNCTION agentry_memory._settings_memory_language();
