-- _embed_memory(organisation, memory, embedding): keeps the embedding that came with a memory
-- For the default model of the organisation; the memory waits for that one no longer.
-- Raises object_not_in_prerequisite_state, undefined_object, and what _store_vector() raises.
CREATE OR REPLACE FUNCTION agentry_memory._embed_memory(p_org_id uuid, p_id uuid, p_embedding vector)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_embed_memory$
BEGIN
    PERFORM agentry_memory._store_vector(
        p_org_id,
        (SELECT e.id
         FROM agentry_memory.memory_sources AS s
         JOIN agentry_memory.memory_entries AS e ON e.source_id = s.source_id
         WHERE s.name = 'memory' AND e.org_id = p_org_id AND e.row_id = p_id::text),
        (agentry_memory._organization_model(p_org_id)).model_id,
        p_embedding);
END;
$_embed_memory$;

COMMENT ON FUNCTION agentry_memory._embed_memory(uuid, uuid, vector) IS
    'Keeps the embedding that came with a memory, for the default model of its organisation.';
