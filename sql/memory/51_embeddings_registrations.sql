-- What embeddings register with core's registries.

INSERT INTO agentry.maintenance_steps (name, call, run_every)
VALUES ('memory.embeddings', 'SELECT format(''%s entries queued'', agentry_memory._queue_missing())', '1 hour')
ON CONFLICT (name) DO UPDATE SET call = excluded.call, units = excluded.units;

INSERT INTO agentry.health_checks (name, query, description)
VALUES
    ('memory.embedding_queue',
     $$SELECT CASE WHEN count(q.dead_at) > 0
                        OR min(q.available_at) FILTER (WHERE q.dead_at IS NULL)
                           < agentry._clock() - interval '1 day'
                   THEN 'warning' ELSE 'ok' END,
              format('%s entries wait for an embedding, the oldest due since %s; %s given up',
                     count(*) - count(q.dead_at),
                     coalesce((min(q.available_at) FILTER (WHERE q.dead_at IS NULL))::text, 'never'),
                     count(q.dead_at))
       FROM agentry_memory.embedding_queue AS q$$,
     'Workers embed what is written.  If not, see agentry_memory.v_embedding_progress; what was given up has its error '
     'in agentry_memory.embedding_queue, and goes again by agentry_memory.requeue_embeddings().'),
    ('memory.embedding_indexes',
     $$SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warning' END,
              coalesce(string_agg(format('%s: %s', t.name, t.trouble), '; ' ORDER BY t.name),
                       'all models have their index')
       FROM (SELECT m.name,
                    CASE WHEN i.indexrelid IS NULL THEN 'no index'
                         WHEN NOT i.indisvalid THEN 'its index is not valid'
                         WHEN a.amname <> m.index_method THEN 'its index is by ' || a.amname END AS trouble
             FROM agentry_memory.embedding_models AS m
             LEFT JOIN pg_class AS c ON c.relnamespace = 'agentry_memory'::regnamespace
                                    AND c.relname = format('memory_vectors_%s_idx', m.model_id)
             LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
             LEFT JOIN pg_am AS a ON a.oid = c.relam
             WHERE m.index_method = 'hnsw'
                OR m.index_method = 'ivfflat'
                   AND (SELECT count(*)
                        FROM (SELECT
                              FROM agentry_memory.memory_vectors AS v
                              WHERE v.model_id = m.model_id
                              LIMIT 1000) AS v) = 1000) AS t
       WHERE t.trouble IS NOT NULL$$,
     'Each embedding model has the index that it was registered with.  If not: '
     'SELECT agentry_memory.rebuild_embedding_index(name).')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, description = excluded.description;

INSERT INTO agentry.metrics (name, query, unit, description)
VALUES
    ('memory.embedding_queue',
     'SELECT m.name || '' '' || q.status, count(*) FROM agentry_memory.embedding_queue AS q '
     'JOIN agentry_memory.embedding_models AS m ON m.model_id = q.model_id GROUP BY m.name, q.status '
     'ORDER BY m.name, q.status',
     'entries', 'Entries that wait for an embedding, by model and status.'),
    ('memory.vectors',
     'SELECT m.name, count(v.entry_id) FROM agentry_memory.embedding_models AS m '
     'LEFT JOIN agentry_memory.memory_vectors AS v ON v.model_id = m.model_id GROUP BY m.name ORDER BY m.name',
     'vectors', 'Embeddings by model.')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, unit = excluded.unit, description = excluded.description;

-- what a load of rows alone, or a hand, left without its index
SELECT agentry_memory._make_embedding_index(m.model_id)
FROM agentry_memory.embedding_models AS m
WHERE m.index_method <> 'none';

INSERT INTO agentry.tools (name, function, description)
SELECT t.name, t.function, obj_description(t.function, 'pg_proc')
FROM (VALUES
    ('use_embedding_model', 'agentry_memory.use_embedding_model(text,boolean)'::regprocedure),
    ('set_default_embedding_model', 'agentry_memory.set_default_embedding_model(text,boolean)'::regprocedure),
    ('requeue_embeddings', 'agentry_memory.requeue_embeddings(text)'::regprocedure)
) AS t (name, function)
ON CONFLICT (name) DO UPDATE SET function = excluded.function, description = excluded.description;
