-- recall_within(budget [, query, embedding, agent, sources, session, since, until, tags, preset, weights, model, now])
--     -> source, id, content, occurred_at, score, tokens, total
-- What recall() gives, as much of it as fits a budget of tokens: best first, and what does not fit is passed over.
-- Raises invalid_parameter_value, and what recall() raises.
CREATE OR REPLACE FUNCTION agentry_memory.recall_within(
    p_budget    integer,
    p_query     text        DEFAULT NULL,
    p_embedding vector      DEFAULT NULL,
    p_agent     text        DEFAULT NULL,
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
    tokens      integer,
    total       integer
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, public, pg_temp
AS $recall_within$
#variable_conflict use_column
DECLARE
    v_row record;
BEGIN
    IF coalesce(p_budget NOT BETWEEN 1 AND 1000000, true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'budget is out of range',
            DETAIL  = format('got: %s', p_budget),
            HINT    = 'It is a number of tokens, 1 to 1000000.';
    END IF;
    total := 0;
    -- an entry is a few tokens at the least
    FOR v_row IN
        SELECT r.*, agentry.estimate_tokens(r.content) AS tokens
        FROM agentry_memory.recall(p_query, p_embedding, p_agent, least(greatest(p_budget / 10, 20), 200), p_sources,
                                   p_session, p_since, p_until, p_tags, p_preset, p_weights, p_model, p_now)
            WITH ORDINALITY AS r (source, id, content, occurred_at, score, lexical, semantic, context, recency,
                                  importance, emotion, n)
        ORDER BY r.n
    LOOP
        CONTINUE WHEN total + v_row.tokens > p_budget;
        source      := v_row.source;
        id          := v_row.id;
        content     := v_row.content;
        occurred_at := v_row.occurred_at;
        score       := v_row.score;
        tokens      := v_row.tokens;
        total       := total + v_row.tokens;
        RETURN NEXT;
    END LOOP;
END;
$recall_within$;

COMMENT ON FUNCTION agentry_memory.recall_within(
    integer, text, vector, text, text[], text, timestamptz, timestamptz, text[], text, jsonb, text, timestamptz) IS
    'What recall() gives, as much of it as fits a budget of 1 to 1,000,000 tokens, best first; what does not fit is '
    'passed over.  tokens: of each, about (agentry.estimate_tokens()); total: so far.  Looks at the 200 best at most.  '
    'Raises invalid_parameter_value, and what recall() raises.';
