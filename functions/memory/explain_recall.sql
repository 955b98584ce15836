-- explain_recall([query, embedding, agent, limit, ...]) -> rank, source, id, content, score, parts, words, neighbours
-- Why recall() with the same arguments gives what it gives, in its order.
-- Raises what recall() raises.
CREATE OR REPLACE FUNCTION agentry_memory.explain_recall(
    p_query     text        DEFAULT NULL,
    p_embedding vector      DEFAULT NULL,
    p_agent     text        DEFAULT NULL,
    p_limit     integer     DEFAULT 10,
    p_sources   text[]      DEFAULT NULL,
    p_session   text        DEFAULT NULL,
    p_since     timestamptz DEFAULT NULL,
    p_until     timestamptz DEFAULT NULL,
    p_tags      text[]      DEFAULT NULL,
    p_preset    text        DEFAULT 'default',
    p_weights   jsonb       DEFAULT NULL,
    p_model     text        DEFAULT NULL,
    p_now       timestamptz DEFAULT pg_catalog.now()
)
RETURNS TABLE (
    rank       integer,
    source     text,
    id         text,
    content    text,
    score      double precision,
    parts      jsonb,
    words      jsonb,
    neighbours jsonb
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $explain_recall$
#variable_conflict use_column
DECLARE
    v_scope  record := agentry_memory._recall_scope(p_agent);
    v_preset jsonb  := agentry_memory._preset(p_preset, p_weights);
    v_terms  record;
BEGIN
    PERFORM agentry_memory._check_recall(p_limit, p_now);
    v_terms := agentry_memory._query_terms(v_scope.org_id, v_scope.owners, v_scope.seeds, p_query);
    RETURN QUERY
    SELECT r.rank::integer, r.source, r.id, r.content, r.score,
           (SELECT jsonb_object_agg(p.name, jsonb_build_object('weight', v_preset -> p.name, 'value', p.value))
                   || jsonb_build_object('context', r.context)
            FROM (VALUES ('lexical', r.lexical), ('semantic', r.semantic), ('recency', r.recency),
                         ('importance', r.importance), ('emotion', r.emotion)) AS p (name, value)),
           coalesce((
               SELECT jsonb_agg(jsonb_build_object('word', v_terms.lexemes[w.number],
                                                   'entries', v_terms.frequencies[w.number],
                                                   'weight', round(v_terms.weights[w.number]::numeric, 3),
                                                   'times', w.own, 'nearby', w.lent)
                                ORDER BY w.number)
               FROM (SELECT t.number,
                            coalesce(sum(coalesce(n.frequencies[array_position(n.terms, t.term)], 1))
                                         FILTER (WHERE n.step = 0), 0) AS own,
                            coalesce(sum(coalesce(n.frequencies[array_position(n.terms, t.term)], 1))
                                         FILTER (WHERE n.step <> 0), 0) AS lent
                     FROM agentry_memory._neighbours(v_scope.org_id, e.id, (v_preset ->> 'neighbours')::boolean, p_now)
                         AS n
                     JOIN unnest(v_terms.terms, v_terms.numbers) AS t (term, number) ON t.term = ANY (n.terms)
                     GROUP BY t.number) AS w), '[]'),
           coalesce((
               SELECT jsonb_agg(jsonb_build_object('step', n.step, 'id', n.row_id, 'content', left(n.content, 200))
                                ORDER BY n.step)
               FROM agentry_memory._neighbours(v_scope.org_id, e.id, (v_preset ->> 'neighbours')::boolean, p_now) AS n
               WHERE n.step <> 0), '[]')
    FROM agentry_memory.recall(p_query, p_embedding, p_agent, p_limit, p_sources, p_session, p_since, p_until, p_tags,
                               p_preset, p_weights, p_model, p_now)
        WITH ORDINALITY AS r (source, id, content, occurred_at, score, lexical, semantic, context, recency, importance,
                              emotion, rank)
    JOIN agentry_memory.memory_sources AS s ON s.name = r.source
    JOIN agentry_memory.memory_entries AS e
        ON e.org_id = v_scope.org_id AND e.source_id = s.source_id AND e.row_id = r.id
    ORDER BY r.rank;
END;
$explain_recall$;

COMMENT ON FUNCTION agentry_memory.explain_recall(
    text, vector, text, integer, text[], text, timestamptz, timestamptz, text[], text, jsonb, text, timestamptz) IS
    'Why recall() with the same arguments gives what it gives.  parts: weight and value of each, and context, what of '
    'the score neighbours lent.  words: those of the question that are in it or nearby in the session; in how many '
    'entries, their weight (idf), how often here, how often in the neighbours.  neighbours: up to two on either side, '
    'with their step.  Raises what recall() raises.';
