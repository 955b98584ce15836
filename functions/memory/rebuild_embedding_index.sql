-- rebuild_embedding_index(name) -> name of the index
-- Makes the index of a model's vectors anew; with ivfflat, the number of its lists follows that of the vectors.  NULL
-- where there is to be none: by method none, and by ivfflat with fewer than 1,000 vectors.  Nobody can write vectors
-- meanwhile; see docs/embeddings.md for a way on which they can.  For administrators.
-- Raises undefined_object.
CREATE OR REPLACE FUNCTION agentry_memory.rebuild_embedding_index(p_name text)
RETURNS name
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $rebuild_embedding_index$
DECLARE
    v_model record := agentry_memory._embedding_model(p_name);
BEGIN
    RETURN agentry_memory._make_embedding_index(v_model.model_id, true);
END;
$rebuild_embedding_index$;

COMMENT ON FUNCTION agentry_memory.rebuild_embedding_index(text) IS
    'Makes the index of a model''s vectors anew and returns its name; by ivfflat with lists for as many vectors as '
    'there are.  NULL where there is to be none: by method none, and by ivfflat with fewer than 1,000 vectors.  Nobody '
    'can write vectors meanwhile.  For administrators.  Raises undefined_object.';
