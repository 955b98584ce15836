-- complete_embeddings(batch [, model]) -> count
-- Keeps the embeddings of claimed entries, all or nothing: a JSON array of {entry_id, embedding, token}; an embedding
-- is an array of numbers, or the same as a string.  The entries wait no longer.  Model: a check that they were claimed
-- for it.  Waits for nobody: what somebody is changing just now is refused.
-- Raises insufficient_privilege, invalid_parameter_value, numeric_value_out_of_range, undefined_object,
-- object_not_in_prerequisite_state and lock_not_available; each names the position of the object.
CREATE OR REPLACE FUNCTION agentry_memory.complete_embeddings(p_batch jsonb, p_model text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off
SET jit = off
AS $complete_embeddings$
DECLARE
    v_me         record := agentry._caller();
    v_entries    bigint[];
    v_models     integer[];
    v_rows       tid[];
    v_names      text[];
    v_dimensions integer[];
    v_found      bigint[];
    v_owners     uuid[];
    v_hashes     uuid[];
    v_vectors    halfvec[] := '{}';
    v_is_good    boolean;
    v_bad        record;
BEGIN
    PERFORM agentry_memory._refuse_agents(v_me.kind, v_me.agent);
    PERFORM agentry._check_batch(p_batch, '{entry_id,embedding,token}');
    IF p_batch = '[]' THEN
        RETURN 0;
    END IF;
    -- against a model being stopped
    PERFORM FROM agentry_memory.organization_models AS o
    WHERE o.org_id = v_me.org_id ORDER BY o.model_id FOR KEY SHARE;
    SELECT array_agg(h.entry_id ORDER BY h.n), array_agg(h.model_id ORDER BY h.n), array_agg(h.place ORDER BY h.n),
           array_agg(m.name ORDER BY h.n), array_agg(m.dimensions ORDER BY h.n)
    INTO v_entries, v_models, v_rows, v_names, v_dimensions
    FROM agentry_memory._hold_claims(v_me.org_id, p_batch, p_model) AS h
    JOIN agentry_memory.embedding_models AS m ON m.model_id = h.model_id;

    -- against a change of the text, which would take the claim back
    SELECT array_agg(e.n ORDER BY e.n), array_agg(e.owner_id ORDER BY e.n), array_agg(e.content_hash ORDER BY e.n)
    INTO v_found, v_owners, v_hashes
    FROM (SELECT u.n, t.owner_id, t.content_hash
          FROM unnest(v_entries) WITH ORDINALITY AS u (entry_id, n)
          CROSS JOIN LATERAL (SELECT t.owner_id, t.content_hash
                              FROM agentry_memory.memory_entries AS t
                              WHERE t.org_id = v_me.org_id AND t.id = u.entry_id
                              FOR SHARE SKIP LOCKED) AS t) AS e;
    SELECT b.n, b.value ->> 'token' AS token
    INTO v_bad
    FROM jsonb_array_elements(p_batch) WITH ORDINALITY AS b (value, n)
    WHERE v_found IS NULL OR b.n <> ALL (v_found)
    ORDER BY b.n
    LIMIT 1;
    IF v_bad.n IS NOT NULL THEN
        PERFORM agentry_memory._refuse_claim(v_me.org_id, format('object %s of the batch: ', v_bad.n),
                                             v_entries[v_bad.n], v_bad.token::bigint, NULL);
    END IF;

    BEGIN
        SELECT array_agg((b.value ->> 'embedding')::halfvec ORDER BY b.n)
        INTO v_vectors
        FROM jsonb_array_elements(p_batch) WITH ORDINALITY AS b (value, n);
        v_is_good := NOT EXISTS (
            SELECT
            FROM unnest(v_vectors, v_dimensions) AS u (embedding, dimensions)
            WHERE u.embedding IS NULL OR vector_dims(u.embedding) <> u.dimensions OR l2_norm(u.embedding) = 0);
    EXCEPTION
        WHEN data_exception OR program_limit_exceeded THEN
            v_is_good := false;
    END;
    IF NOT v_is_good THEN
        -- one by one, to tell which and why
        FOR v_bad IN
            SELECT b.n, b.value ->> 'embedding' AS embedding
            FROM jsonb_array_elements(p_batch) WITH ORDINALITY AS b (value, n)
            ORDER BY b.n
        LOOP
            v_vectors[v_bad.n] := agentry_memory._half_vector(
                agentry_memory._read_vector(v_bad.embedding, v_bad.n), v_dimensions[v_bad.n], v_names[v_bad.n],
                v_bad.n);
        END LOOP;
    END IF;

    INSERT INTO agentry_memory.memory_vectors AS v (org_id, entry_id, model_id, owner_id, content_hash, embedding)
    SELECT v_me.org_id, u.entry_id, u.model_id, u.owner_id, u.content_hash, u.embedding
    FROM unnest(v_entries, v_models, v_owners, v_hashes, v_vectors)
         AS u (entry_id, model_id, owner_id, content_hash, embedding)
    ORDER BY u.entry_id, u.model_id
    ON CONFLICT (org_id, entry_id, model_id) DO UPDATE
    SET owner_id = excluded.owner_id, content_hash = excluded.content_hash, embedding = excluded.embedding,
        created_at = now();
    DELETE FROM agentry_memory.embedding_queue AS q WHERE q.ctid = ANY (v_rows);
    RETURN cardinality(v_entries);
END;
$complete_embeddings$;

COMMENT ON FUNCTION agentry_memory.complete_embeddings(jsonb, text) IS
    'Keeps the embeddings of claimed entries and returns how many, all or nothing: a JSON array of {entry_id, '
    'embedding, token}, tokens as claim_embeddings() gave them; an embedding is an array of numbers, or a string such '
    'as "[0.1, 0.2]", which is quicker.  A zero vector, one of another length than the model''s and what is not finite '
    'are refused, as is a token that is not that of the last claim.  Model: a check that they were claimed for it.  '
    'For workers: applications and administrators.  Raises insufficient_privilege, invalid_parameter_value, '
    'numeric_value_out_of_range, undefined_object, object_not_in_prerequisite_state, lock_not_available; each names '
    'the position (from 1).';
