-- _make_embedding_index(model_id [, anew]) -> name
-- Makes the index of the vectors of a model as the model says, where there is none such, or anew; returns its name, or
-- NULL where there is to be none: by method none, and by ivfflat while there are fewer than 1,000 vectors.  Nobody can
-- write vectors while it is being made; who reads them waits for the last moment only.
CREATE OR REPLACE FUNCTION agentry_memory._make_embedding_index(p_model_id integer, p_anew boolean DEFAULT false)
RETURNS name
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, public, pg_temp
SET client_min_messages = warning
AS $_make_embedding_index$
DECLARE
    v_name    name := format('memory_vectors_%s_idx', p_model_id);
    v_next    name := format('memory_vectors_%s_next_idx', p_model_id);
    v_model   record;
    v_there   record;
    v_options jsonb;
    v_count   bigint;
    v_wanted  boolean;
BEGIN
    SELECT m.dimensions, m.index_method, m.index_options
    INTO v_model
    FROM agentry_memory.embedding_models AS m
    WHERE m.model_id = p_model_id;
    v_options := v_model.index_options;
    SELECT c.oid, a.amname, i.indisvalid,
           coalesce((SELECT jsonb_object_agg(o.option_name, o.option_value::integer)
                     FROM pg_options_to_table(c.reloptions) AS o), '{}') AS options
    INTO v_there
    FROM pg_class AS c
    JOIN pg_index AS i ON i.indexrelid = c.oid
    JOIN pg_am AS a ON a.oid = c.relam
    WHERE c.relnamespace = 'agentry_memory'::regnamespace AND c.relname = v_name;
    IF NOT p_anew AND v_there.amname = v_model.index_method AND v_there.indisvalid
       AND (v_there.options = v_options OR v_model.index_method = 'ivfflat' AND v_there.options @> v_options) THEN
        RETURN v_name;
    END IF;
    IF v_model.index_method = 'ivfflat' THEN
        SELECT count(*) INTO v_count FROM agentry_memory.memory_vectors AS v WHERE v.model_id = p_model_id;
    END IF;
    v_wanted := v_model.index_method <> 'none' AND (v_count IS NULL OR v_count >= 1000);

    IF v_wanted THEN
        IF v_model.index_method = 'ivfflat' AND NOT v_options ? 'lists' THEN
            v_options := jsonb_build_object('lists', agentry_memory._ivfflat_lists(v_count));
        END IF;
        -- the literal is what lets a search by this model use it
        EXECUTE format(
            'CREATE INDEX %I ON agentry_memory.memory_vectors USING %I ((embedding::halfvec(%s)) halfvec_cosine_ops) '
            '%s WHERE model_id = %s',
            v_next, v_model.index_method, v_model.dimensions,
            (SELECT format('WITH (%s)', string_agg(format('%I = %s', o.key, o.value), ', ' ORDER BY o.key))
             FROM jsonb_each_text(v_options) AS o HAVING count(*) > 0),
            p_model_id);
    END IF;
    EXECUTE format('DROP INDEX IF EXISTS agentry_memory.%I', v_name);
    IF v_wanted THEN
        EXECUTE format('ALTER INDEX agentry_memory.%I RENAME TO %I', v_next, v_name);
        RETURN v_name;
    END IF;
    RETURN NULL;
END;
$_make_embedding_index$;

COMMENT ON FUNCTION agentry_memory._make_embedding_index(integer, boolean) IS
    'Makes the index of the vectors of a model, where it is not as it should be, or anew.';
