-- Indexes of vectors that are being made just now.
CREATE OR REPLACE VIEW agentry_memory.v_embedding_index_progress
WITH (security_invoker = true)
AS
SELECT m.name AS model, c.relname AS index_name, p.pid, p.command, p.phase, p.blocks_done, p.blocks_total,
       p.tuples_done, p.tuples_total,
       round(100.0 * p.blocks_done / nullif(p.blocks_total, 0), 1) AS percent
FROM pg_stat_progress_create_index AS p
LEFT JOIN pg_class AS c ON c.oid = p.index_relid
LEFT JOIN agentry_memory.embedding_models AS m
       ON m.model_id = substring(c.relname FROM '^memory_vectors_([0-9]+)_')::integer
WHERE p.relid = 'agentry_memory.memory_vectors'::regclass;

COMMENT ON VIEW agentry_memory.v_embedding_index_progress IS
    'Indexes of vectors that are being made just now, as far as pg_stat_progress_create_index shows them to whoever is '
    'asking: to members of pg_read_all_stats, and of the role that makes it.';
COMMENT ON COLUMN agentry_memory.v_embedding_index_progress.model IS
    'The model; NULL while the transaction that makes the index keeps its name to itself, as the functions here do.';
COMMENT ON COLUMN agentry_memory.v_embedding_index_progress.index_name IS 'The index; NULL as for the model.';
COMMENT ON COLUMN agentry_memory.v_embedding_index_progress.pid IS 'The backend that makes it.';
COMMENT ON COLUMN agentry_memory.v_embedding_index_progress.command IS
    'CREATE INDEX, REINDEX, or one of them CONCURRENTLY.';
COMMENT ON COLUMN agentry_memory.v_embedding_index_progress.phase IS
    'What it is doing, as pgvector and PostgreSQL call it: loading tuples, waiting for writers, and the like.';
COMMENT ON COLUMN agentry_memory.v_embedding_index_progress.blocks_done IS 'Blocks of the table that are done.';
COMMENT ON COLUMN agentry_memory.v_embedding_index_progress.blocks_total IS 'Blocks of the table.';
COMMENT ON COLUMN agentry_memory.v_embedding_index_progress.tuples_done IS 'Vectors that are done.';
COMMENT ON COLUMN agentry_memory.v_embedding_index_progress.tuples_total IS 'Vectors, where that is known.';
COMMENT ON COLUMN agentry_memory.v_embedding_index_progress.percent IS 'Per cent of the blocks.';
