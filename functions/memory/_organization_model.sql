-- _organization_model(organisation [, name]) -> model_id, name, dimensions
-- A model that the organisation uses, by default its default one.
-- Raises undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory._organization_model(
    p_org_id       uuid,
    p_name         text DEFAULT NULL,
    OUT model_id   integer,
    OUT name       text,
    OUT dimensions integer
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_organization_model$
DECLARE
    v_used text[];
BEGIN
    SELECT m.model_id, m.name, m.dimensions
    INTO model_id, name, dimensions
    FROM agentry_memory.organization_models AS o
    JOIN agentry_memory.embedding_models AS m ON m.model_id = o.model_id
    WHERE o.org_id = p_org_id AND CASE WHEN p_name IS NULL THEN o.is_default ELSE m.name = p_name END;
    IF model_id IS NOT NULL THEN
        RETURN;
    END IF;
    IF p_name IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'the organisation has no default embedding model',
            HINT    = 'Name a model, or take one first: agentry_memory.use_embedding_model(name).';
    END IF;
    v_used := ARRAY(SELECT m.name
                    FROM agentry_memory.organization_models AS o
                    JOIN agentry_memory.embedding_models AS m ON m.model_id = o.model_id
                    WHERE o.org_id = p_org_id
                    ORDER BY m.name COLLATE "C");
    RAISE EXCEPTION USING
        ERRCODE = 'undefined_object',
        MESSAGE = format('the organisation uses no embedding model %L', p_name),
        DETAIL  = format('It uses: %s.', coalesce(nullif(array_to_string(v_used, ', '), ''), 'none')),
        HINT    = coalesce('Did you mean ' || agentry._closest(p_name, v_used) || '?  ', '')
                  || 'To take one: agentry_memory.use_embedding_model(name).';
END;
$_organization_model$;

COMMENT ON FUNCTION agentry_memory._organization_model(uuid, text) IS
    'A model that an organisation uses, by default its default one; others are refused.';
