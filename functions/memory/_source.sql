-- _source(name) -> source_id, table_name, query: a registered source
-- Raises undefined_object with the closest name.
CREATE OR REPLACE FUNCTION agentry_memory._source(
    p_name         text,
    OUT source_id  integer,
    OUT table_name regclass,
    OUT query      text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_source$
BEGIN
    SELECT s.source_id, s.table_name, s.query
    INTO source_id, table_name, query
    FROM agentry_memory.memory_sources AS s
    WHERE s.name = p_name;
    IF source_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('source %s does not exist', coalesce(quote_literal(p_name), 'NULL')),
            HINT    = coalesce('Did you mean ' || agentry._closest(
                                  p_name, ARRAY(SELECT s.name FROM agentry_memory.memory_sources AS s)) || '?  ', '')
                      || 'Sources stand in agentry_memory.memory_sources.';
    END IF;
END;
$_source$;

COMMENT ON FUNCTION agentry_memory._source(text) IS 'A registered source; unknown ones are refused.';
