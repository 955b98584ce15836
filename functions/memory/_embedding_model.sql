-- _embedding_model(name) -> model_id, name, dimensions, index_method, index_options: a registered model
-- Raises undefined_object with the closest name.
CREATE OR REPLACE FUNCTION agentry_memory._embedding_model(
    p_name            text,
    OUT model_id      integer,
    OUT name          text,
    OUT dimensions    integer,
    OUT index_method  text,
    OUT index_options jsonb
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_embedding_model$
BEGIN
    SELECT m.model_id, m.name, m.dimensions, m.index_method, m.index_options
    INTO model_id, name, dimensions, index_method, index_options
    FROM agentry_memory.embedding_models AS m
    WHERE m.name = p_name;
    IF model_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('embedding model %s does not exist', coalesce(quote_literal(p_name), 'NULL')),
            HINT    = coalesce('Did you mean ' || agentry._closest(
                                  p_name, ARRAY(SELECT m.name FROM agentry_memory.embedding_models AS m)) || '?  ', '')
                      || 'Administrators register models: agentry_memory.register_embedding_model(name, dimensions).';
    END IF;
END;
$_embedding_model$;

COMMENT ON FUNCTION agentry_memory._embedding_model(text) IS 'A registered embedding model; unknown ones are refused.';
