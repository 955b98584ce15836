-- How far the embeddings of an organisation are, a row a model.
CREATE OR REPLACE VIEW agentry_memory.v_embedding_progress
WITH (security_invoker = true)
AS
SELECT o.org_id, m.name AS model, o.is_default, e.entries, v.embedded, q.pending, q.claimed, q.failed, q.dead,
       q.oldest_pending_age
FROM agentry_memory.organization_models AS o
JOIN agentry_memory.embedding_models AS m ON m.model_id = o.model_id
CROSS JOIN LATERAL (
    SELECT count(*) AS entries
    FROM agentry_memory.memory_entries AS e
    WHERE e.org_id = o.org_id
) AS e
CROSS JOIN LATERAL (
    SELECT count(*) AS embedded
    FROM agentry_memory.memory_vectors AS v
    WHERE v.org_id = o.org_id AND v.model_id = o.model_id
) AS v
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE q.status = 'pending' OR q.lease_until <= clock_timestamp()) AS pending,
           count(*) FILTER (WHERE q.lease_until > clock_timestamp()) AS claimed,
           count(*) FILTER (WHERE q.status = 'failed') AS failed,
           count(*) FILTER (WHERE q.status = 'dead') AS dead,
           clock_timestamp() - min(q.available_at)
               FILTER (WHERE q.dead_at IS NULL AND NOT coalesce(q.lease_until > clock_timestamp(), false)
                             AND q.available_at <= clock_timestamp()) AS oldest_pending_age
    FROM agentry_memory.embedding_queue AS q
    WHERE q.org_id = o.org_id AND q.model_id = o.model_id
) AS q
WHERE (SELECT agentry.sees_organisation());

COMMENT ON VIEW agentry_memory.v_embedding_progress IS
    'How far the embeddings of the organisation are, a row a model; for whoever sees all of it: applications, readers, '
    'and administrators, who see every organisation.';
COMMENT ON COLUMN agentry_memory.v_embedding_progress.org_id IS 'The organisation.';
COMMENT ON COLUMN agentry_memory.v_embedding_progress.model IS 'The model.';
COMMENT ON COLUMN agentry_memory.v_embedding_progress.is_default IS 'Whether it is the default of the organisation.';
COMMENT ON COLUMN agentry_memory.v_embedding_progress.entries IS 'Entries of the organisation.';
COMMENT ON COLUMN agentry_memory.v_embedding_progress.embedded IS 'Those that have an embedding by the model.';
COMMENT ON COLUMN agentry_memory.v_embedding_progress.pending IS
    'Those that wait for one, claims whose lease ran out among them.';
COMMENT ON COLUMN agentry_memory.v_embedding_progress.claimed IS 'Those that a worker has.';
COMMENT ON COLUMN agentry_memory.v_embedding_progress.failed IS 'Those that failed and are tried again.';
COMMENT ON COLUMN agentry_memory.v_embedding_progress.dead IS
    'Those that were tried too often; requeue_embeddings() makes them due again.';
COMMENT ON COLUMN agentry_memory.v_embedding_progress.oldest_pending_age IS
    'For how long the first of them has been due and nobody has taken it; NULL: none is due.';
