-- _store_vector(organisation, entry, model, embedding) -> void
-- Keeps the embedding of an entry by a model that the organisation uses, in place of a former one; the entry waits for
-- it no longer, and whoever has claimed it is refused.  Locks the model against being stopped, and the entry against a
-- change of its text.
-- Raises undefined_object, invalid_parameter_value, numeric_value_out_of_range.
CREATE OR REPLACE FUNCTION agentry_memory._store_vector(
    p_org_id    uuid,
    p_entry_id  bigint,
    p_model_id  integer,
    p_embedding vector
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, public, pg_temp
AS $_store_vector$
DECLARE
    v_model record;
    v_entry record;
    v_half  halfvec;
BEGIN
    SELECT m.name, m.dimensions
    INTO v_model
    FROM agentry_memory.organization_models AS o
    JOIN agentry_memory.embedding_models AS m ON m.model_id = o.model_id
    WHERE o.org_id = p_org_id AND o.model_id = p_model_id
    FOR KEY SHARE OF o;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('the organisation uses no embedding model %s', coalesce(p_model_id::text, 'NULL')),
            HINT    = 'agentry_memory.use_embedding_model(name) first.';
    END IF;
    v_half := agentry_memory._half_vector(p_embedding, v_model.dimensions, v_model.name);
    SELECT e.owner_id, e.content_hash
    INTO v_entry
    FROM agentry_memory.memory_entries AS e
    WHERE e.org_id = p_org_id AND e.id = p_entry_id
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('entry %s does not exist', coalesce(p_entry_id::text, 'NULL')),
            HINT    = 'Entries stand in agentry_memory.memory_entries; those of other organisations do not exist here.';
    END IF;
    DELETE FROM agentry_memory.embedding_queue AS q
    WHERE q.org_id = p_org_id AND q.entry_id = p_entry_id AND q.model_id = p_model_id;
    INSERT INTO agentry_memory.memory_vectors AS v (org_id, entry_id, model_id, owner_id, content_hash, embedding)
    VALUES (p_org_id, p_entry_id, p_model_id, v_entry.owner_id, v_entry.content_hash, v_half)
    ON CONFLICT (org_id, entry_id, model_id) DO UPDATE
    SET owner_id = excluded.owner_id, content_hash = excluded.content_hash, embedding = excluded.embedding,
        created_at = now();
END;
$_store_vector$;

COMMENT ON FUNCTION agentry_memory._store_vector(uuid, bigint, integer, vector) IS
    'Keeps the embedding of an entry by a model that its organisation uses, and takes the entry off the queue.';
