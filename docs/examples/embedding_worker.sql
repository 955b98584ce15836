-- A worker for embeddings in psql 16 or newer: claims texts, embeds them, looks again every second.
--
--     psql -v model=hash-64 -v rounds=3600 -f docs/examples/embedding_worker.sql <database>
\set QUIET on
\if :{?model} \else
    \set model hash-64
\endif
\if :{?rounds} \else
    \set rounds 2
\endif

-- The provider: words counted in 64 buckets, by the first byte of their hash.  A round is one transaction: what was
-- claimed in it is embedded in it, or neither.
SELECT agentry_memory.complete_embeddings(coalesce(
           jsonb_agg(jsonb_build_object('entry_id', c.entry_id, 'token', c.token, 'embedding', v.counts)), '[]'),
           :'model') AS embedded
FROM agentry_memory.claim_embeddings(:'model') AS c
CROSS JOIN LATERAL (
    SELECT array_agg(coalesce(n.count, 0) ORDER BY b.bucket)
    FROM generate_series(0, 63) AS b (bucket)
    LEFT JOIN (SELECT get_byte(sha256(convert_to(w.word, 'UTF8')), 0) % 64 AS bucket, count(*)
               FROM regexp_split_to_table(lower(c.content), '\s+') AS w (word)
               WHERE w.word <> ''
               GROUP BY 1) AS n ON n.bucket = b.bucket) AS v (counts) \watch i=1 c=:rounds
