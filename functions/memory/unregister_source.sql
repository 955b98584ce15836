-- unregister_source(name) -> bigint
-- Takes a table out of the index again: its triggers and entries, with their embeddings; returns how many entries went.
-- The table stays.  For the owner.
-- Raises undefined_object.
CREATE OR REPLACE FUNCTION agentry_memory.unregister_source(p_name text)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $unregister_source$
DECLARE
    v_source  record := agentry_memory._source(p_name);
    v_trigger name;
    v_count   bigint;
BEGIN
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', v_source.table_name);
    FOR v_trigger IN
        SELECT t.tgname
        FROM pg_trigger AS t
        WHERE t.tgrelid = v_source.table_name
          AND t.tgfoid = 'agentry_memory._index_rows'::regproc
          AND t.tgargs = convert_to(p_name, 'UTF8') || '\x00'
          AND NOT t.tgisinternal
          AND t.tgparentid = 0
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', v_trigger, v_source.table_name);
    END LOOP;
    DELETE FROM agentry_memory.memory_sources AS s WHERE s.source_id = v_source.source_id;
    IF NOT EXISTS (SELECT FROM agentry_memory.memory_sources AS s WHERE s.table_name = v_source.table_name) THEN
        DELETE FROM agentry.partition_hooks AS h
        WHERE h.table_name = v_source.table_name
          AND h.before_drop = 'agentry_memory._forget_month(regclass,regclass)';
    END IF;
    DELETE FROM agentry_memory.memory_entries AS e WHERE e.source_id = v_source.source_id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$unregister_source$;

COMMENT ON FUNCTION agentry_memory.unregister_source(text) IS
    'Takes a table out of the semantic index, with its entries and their embeddings, and returns how many entries '
    'went; the table stays.  For the owner of the table.  Raises undefined_object.';
