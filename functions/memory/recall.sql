-- recall([query, embedding, agent, limit, sources, session, since, until, tags, preset, weights, model, now])
--     -> source, id, content, occurred_at, score, lexical, semantic, context, recency, importance, emotion
-- What an agent remembers about something, best first: by words, by meaning, or both.  Always as many as asked for, as
-- long as there are that many under the filters.  Writes nothing and takes no lock but that of a reader.
-- Raises invalid_parameter_value, undefined_object, object_not_in_prerequisite_state, and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_memory.recall(
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
    source      text,
    id          text,
    content     text,
    occurred_at timestamptz,
    score       double precision,
    lexical     double precision,
    semantic    double precision,
    context     double precision,
    recency     double precision,
    importance  double precision,
    emotion     double precision
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan
AS $recall$
#variable_conflict use_column
DECLARE
    v_scope  record := agentry_memory._recall_scope(p_agent);
    v_model  record := agentry_memory._recall_model(v_scope.org_id, p_model, p_embedding);
    v_preset jsonb  := agentry_memory._preset(p_preset, p_weights);
BEGIN
    PERFORM agentry_memory._check_recall(p_limit, p_now);
    RETURN QUERY
    SELECT s.name, r.row_id, r.content, r.occurred_at, r.score, r.lexical, r.semantic, r.context, r.recency,
           r.importance, r.emotion
    FROM agentry_memory._recall(
        v_scope.org_id, v_scope.owners, v_scope.seeds, p_query, p_embedding, p_limit,
        CASE WHEN p_sources IS NOT NULL THEN agentry_memory._source_ids(p_sources) END, p_session, p_since, p_until,
        p_tags, v_preset, v_model.model_id, v_model.dimensions, p_now) AS r
    JOIN agentry_memory.memory_sources AS s ON s.source_id = r.source_id
    ORDER BY r.score DESC, r.entry_id DESC;
END;
$recall$;

COMMENT ON FUNCTION agentry_memory.recall(
    text, vector, text, integer, text[], text, timestamptz, timestamptz, text[], text, jsonb, text, timestamptz) IS
    'What an agent [the current one; for applications and the like: everybody in the organisation] remembers, best '
    'first: by the words of a question, by the meaning of its embedding, or both.  limit: 1 to 1000 [10]; that many '
    'come as long as there are that many under the filters: sources, session, since (from then on), until (before), '
    'tags (any of them).  preset: a row of agentry_memory.recall_presets [default].  weights: an object of numbers in '
    'place of the preset''s.  model: of the embedding [default of the organisation].  now: what age counts from.  '
    'score: sum of weight times part: lexical (words, BM25), semantic (cosine), both with what neighbours of the '
    'session lend (context), recency, importance, emotion, 0 to 1.  Writes nothing: tell what was '
    'used with agentry_memory.mark_recalled().  Raises invalid_parameter_value, undefined_object, '
    'object_not_in_prerequisite_state, insufficient_privilege.';
