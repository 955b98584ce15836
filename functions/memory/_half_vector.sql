-- _half_vector(embedding, dimensions, model [, position]) -> halfvec
-- An embedding as it is kept, once it is sound: as long as the model's, not zero, and within half precision.  Position:
-- that of its object in a batch.
-- Raises invalid_parameter_value, numeric_value_out_of_range.
CREATE OR REPLACE FUNCTION agentry_memory._half_vector(
    p_embedding  vector,
    p_dimensions integer,
    p_model      text,
    p_position   bigint DEFAULT NULL
)
RETURNS halfvec
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, public, pg_temp
AS $_half_vector$
DECLARE
    v_place text := coalesce('object ' || p_position || ' of the batch: ', '');
    v_half  halfvec;
BEGIN
    IF p_embedding IS NULL OR vector_dims(p_embedding) <> p_dimensions THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('%san embedding by %s has %s dimensions', v_place, p_model, p_dimensions),
            DETAIL  = coalesce('This one has ' || vector_dims(p_embedding) || '.', 'None is given.'),
            HINT    = 'Models and their dimensions stand in agentry_memory.embedding_models; is it by another one?';
    END IF;
    BEGIN
        v_half := p_embedding::halfvec;
    EXCEPTION
        WHEN numeric_value_out_of_range THEN
            RAISE EXCEPTION USING
                ERRCODE = 'numeric_value_out_of_range',
                MESSAGE = format('%sthe embedding has values too large for half precision', v_place),
                DETAIL  = SQLERRM,
                HINT    = 'They end at 65504.  Divide it by its length: the direction alone counts.';
    END;
    IF l2_norm(v_half) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('%sthe embedding is zero%s', v_place,
                             CASE WHEN vector_norm(p_embedding) > 0 THEN ' in half precision' ELSE '' END),
            DETAIL  = format('Its length is %s.', vector_norm(p_embedding)),
            HINT    = CASE WHEN vector_norm(p_embedding) > 0
                           THEN 'Divide it by its length: the direction alone counts.'
                           ELSE 'It has no direction, so it is near to nothing.  Where a provider failed, say so: '
                                'agentry_memory.fail_embedding().' END;
    END IF;
    RETURN v_half;
END;
$_half_vector$;

COMMENT ON FUNCTION agentry_memory._half_vector(vector, integer, text, bigint) IS
    'An embedding as it is kept; one that is not sound is refused.';
