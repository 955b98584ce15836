-- _recall_model(organisation, model, embedding) -> model_id, dimensions
-- The model that an embedding is of: the one named, else the organisation's default; the embedding has to fit it.
-- Without an embedding none is needed.
-- Raises undefined_object, object_not_in_prerequisite_state, invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_memory._recall_model(
    p_org_id       uuid,
    p_model        text,
    p_embedding    vector,
    OUT model_id   integer,
    OUT dimensions integer
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, public, pg_temp
AS $_recall_model$
BEGIN
    IF p_embedding IS NULL THEN
        RETURN;
    END IF;
    SELECT m.model_id, m.dimensions
    INTO model_id, dimensions
    FROM agentry_memory.organization_models AS o
    JOIN agentry_memory.embedding_models AS m ON m.model_id = o.model_id
    WHERE o.org_id = p_org_id AND CASE WHEN p_model IS NULL THEN o.is_default ELSE m.name = p_model END;
    IF model_id IS NULL AND p_model IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'the organisation uses no embedding model',
            HINT    = 'Leave the embedding out, or agentry_memory.use_embedding_model(name) first.';
    ELSIF model_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('the organisation does not use a model %L', p_model),
            HINT    = coalesce('Did you mean ' || agentry._closest(p_model, ARRAY(
                          SELECT m.name
                          FROM agentry_memory.organization_models AS o
                          JOIN agentry_memory.embedding_models AS m ON m.model_id = o.model_id
                          WHERE o.org_id = p_org_id)) || '?  ', '')
                      || 'agentry_memory.use_embedding_model(name) adds one.';
    END IF;
    IF vector_dims(p_embedding) <> dimensions OR vector_norm(p_embedding) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'the embedding does not fit the model',
            DETAIL  = CASE WHEN vector_dims(p_embedding) <> dimensions
                           THEN format('It has %s dimensions, the model %s.', vector_dims(p_embedding), dimensions)
                           ELSE 'It is zero, and has no direction.' END,
            HINT    = 'Embed the question with the model that embedded the memories, or name that model.';
    END IF;
END;
$_recall_model$;

COMMENT ON FUNCTION agentry_memory._recall_model(uuid, text, vector) IS
    'The model that an embedding is of; one that does not fit it is refused.';
