-- _refuse_claim(organisation, place, entry, token, model) -> void: why that is no claim of the caller's
-- Place: how a message begins where the claim is one of a batch.
-- Raises undefined_object, object_not_in_prerequisite_state, lock_not_available.
CREATE OR REPLACE FUNCTION agentry_memory._refuse_claim(
    p_org_id   uuid,
    p_place    text,
    p_entry_id bigint,
    p_token    bigint,
    p_model    text
)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_claim$
DECLARE
    v_model_id integer;
    v_row      record;
BEGIN
    IF p_model IS NOT NULL THEN
        v_model_id := (agentry_memory._organization_model(p_org_id, p_model)).model_id;
    END IF;
    IF NOT EXISTS (SELECT FROM agentry_memory.memory_entries AS e WHERE e.org_id = p_org_id AND e.id = p_entry_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('%sentry %s does not exist', p_place, p_entry_id),
            HINT    = 'It may have been deleted since it was claimed: leave it out.';
    END IF;
    SELECT q.token = p_token AS is_last, q.status
    INTO v_row
    FROM agentry_memory.embedding_queue AS q
    WHERE q.org_id = p_org_id AND q.entry_id = p_entry_id AND (v_model_id IS NULL OR q.model_id = v_model_id)
    ORDER BY q.token = p_token DESC
    LIMIT 1;
    IF v_row.status IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%sentry %s does not wait for an embedding', p_place, p_entry_id),
            HINT    = 'Somebody else has embedded it: leave it out.';
    END IF;
    IF NOT v_row.is_last THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%sentry %s was claimed again since', p_place, p_entry_id),
            DETAIL  = format('token: %s, which is not that of the last claim; it is %s', p_token, v_row.status),
            HINT    = 'Pass the token of the claim; a holder whose lease ran out has to give the entry up.';
    END IF;
    IF v_row.status <> 'claimed' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%sentry %s is %s, and nobody holds it', p_place, p_entry_id, v_row.status),
            DETAIL  = 'It failed, was given back, or its text changed.',
            HINT    = 'Claim it first: agentry_memory.claim_embeddings().';
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'lock_not_available',
        MESSAGE = format('%sentry %s is being changed by somebody just now', p_place, p_entry_id),
        HINT    = 'Try again in a moment, or leave it out: if the claim still holds then, it counts.';
END;
$_refuse_claim$;

COMMENT ON FUNCTION agentry_memory._refuse_claim(uuid, text, bigint, bigint, text) IS
    'Raises the error for a claim that is not there, not the caller''s any more, or being changed just now.';
