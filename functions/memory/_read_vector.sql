-- _read_vector(text, position) -> vector: the embedding of an object of a batch
-- Raises invalid_parameter_value where it is none.
CREATE OR REPLACE FUNCTION agentry_memory._read_vector(p_text text, p_position bigint)
RETURNS vector
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, public, pg_temp
AS $_read_vector$
BEGIN
    RETURN p_text::vector;
EXCEPTION
    WHEN data_exception OR program_limit_exceeded THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('object %s of the batch: the embedding is no vector', p_position),
            DETAIL  = left(SQLERRM, 200),
            HINT    = 'Pass a JSON array of finite numbers, or a string such as "[0.1, 0.2]".';
END;
$_read_vector$;

COMMENT ON FUNCTION agentry_memory._read_vector(text, bigint) IS 'The embedding of an object of a batch.';
