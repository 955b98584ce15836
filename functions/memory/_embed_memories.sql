-- _embed_memories(organisation, memories, ids, new): keeps the embeddings that came with a batch, of those that are new
-- Raises what _read_vector() and _embed_memory() raise.
CREATE OR REPLACE FUNCTION agentry_memory._embed_memories(
    p_org_id   uuid,
    p_memories jsonb,
    p_ids      uuid[],
    p_new      boolean[]
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_embed_memories$
BEGIN
    PERFORM agentry_memory._embed_memory(
        p_org_id, p_ids[m.n], agentry_memory._read_vector(m.value ->> 'embedding', m.n))
    FROM jsonb_array_elements(p_memories) WITH ORDINALITY AS m (value, n)
    WHERE jsonb_typeof(m.value -> 'embedding') <> 'null' AND p_new[m.n];
END;
$_embed_memories$;

COMMENT ON FUNCTION agentry_memory._embed_memories(uuid, jsonb, uuid[], boolean[]) IS
    'Keeps the embeddings that came with a batch of memories.';
