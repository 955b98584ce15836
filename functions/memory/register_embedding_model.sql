-- register_embedding_model(name, dimensions [, index_method, index_options]) -> id
-- Makes a model known to this database, with an index of its own for its vectors.  Repeatable; with another method or
-- other options the index is made anew.  Nobody can write vectors while an index is being made.  For administrators.
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_memory.register_embedding_model(
    p_name          text,
    p_dimensions    integer,
    p_index_method  text  DEFAULT 'hnsw',
    p_index_options jsonb DEFAULT '{}'
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $register_embedding_model$
DECLARE
    v_model record;
BEGIN
    IF coalesce(p_name !~ '^[[:graph:]]{1,100}$' OR p_dimensions NOT BETWEEN 1 AND 4000, true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a model needs a name and its number of dimensions',
            DETAIL  = format('name: %L, dimensions: %s', p_name, coalesce(p_dimensions::text, 'NULL')),
            HINT    = 'A name has 1 to 100 characters and no blank; dimensions are 1 to 4000.';
    END IF;
    PERFORM agentry_memory._check_index_options(p_index_method, p_index_options);
    INSERT INTO agentry_memory.embedding_models AS m (name, dimensions, index_method, index_options)
    VALUES (p_name, p_dimensions, p_index_method, p_index_options)
    ON CONFLICT (name) DO UPDATE
    SET index_method = excluded.index_method, index_options = excluded.index_options;
    v_model := agentry_memory._embedding_model(p_name);
    IF v_model.dimensions <> p_dimensions THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('model %s has %s dimensions', p_name, v_model.dimensions),
            DETAIL  = format('got: %s', p_dimensions),
            HINT    = 'What is embedded at another length is another model: take another name.';
    END IF;
    PERFORM agentry_memory._make_embedding_index(v_model.model_id);
    RETURN v_model.model_id;
END;
$register_embedding_model$;

COMMENT ON FUNCTION agentry_memory.register_embedding_model(text, integer, text, jsonb) IS
    'Makes an embedding model known to this database, with an index for its vectors, and returns its id.  Dimensions: '
    '1 to 4000.  Index: hnsw with options m (2 to 100) [16] and ef_construction (4 to 1000) [64]; ivfflat with lists, '
    'which is made by rebuild_embedding_index() once there are 1,000 vectors; or none.  Repeatable: another method or '
    'other options make the index anew, and nobody can write vectors meanwhile.  Organisations take a model by '
    'use_embedding_model().  For administrators.  Raises invalid_parameter_value.';
