-- _recall(organisation, owners, seeds, query, embedding, limit, ..., preset, model, now) -> entries and their scores
-- Finds and ranks.  Candidates come from a few places, each by an index: entries with the rarest words of the question,
-- the nearest vectors, and where their weight is not 0 the newest and the most important.  With each candidate come its
-- two neighbours on either side in the session.  All of them are scored together:
--
--   words     BM25 (Robertson and Zaragoza 2009; k1 0.9, b 0.4 as in Anserini) over a window: the frequency of a word
--             is its own, and 0.3 of that of the next entries and 0.15 of those after these.  So a word that stands in
--             two of them saturates once, and different words add up (document expansion: Tao et al. 2006; Lv and Zhai
--             2009).  The length is that of the window, too.
--   meaning   cosine, averaged over the window by the same shares
--
-- Both are divided by the best of the candidates ("maximum").  Where fewer are found than asked for, the newest follow.
-- One statement with a plan that is kept, as planning would cost more than running it.  Writes nothing.
CREATE OR REPLACE FUNCTION agentry_memory._recall(
    p_org_id     uuid,
    p_owners     uuid[],
    p_seeds      bigint[],
    p_query      text,
    p_embedding  vector,
    p_limit      integer,
    p_sources    integer[],
    p_session    text,
    p_since      timestamptz,
    p_until      timestamptz,
    p_tags       text[],
    p_preset     jsonb,
    p_model_id   integer,
    p_dimensions integer,
    p_now        timestamptz
)
RETURNS TABLE (
    entry_id    bigint,
    source_id   integer,
    row_id      text,
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
SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_sort = off
SET jit = off
AS $_recall$
#variable_conflict use_column
DECLARE
    v_many       integer          := greatest(16, p_limit);  -- candidates of each place
    v_embedding  halfvec          := p_embedding;
    v_lexemes    text[];
    v_counts     bigint[];
    v_weights    double precision[];
    v_terms      bigint[];
    v_numbers    integer[];
    v_entries    bigint;
    v_length     double precision;
    v_lexical    double precision := (p_preset ->> 'lexical')::double precision;
    v_semantic   double precision := (p_preset ->> 'semantic')::double precision;
    v_recency    double precision := (p_preset ->> 'recency')::double precision;
    v_importance double precision := (p_preset ->> 'importance')::double precision;
    v_emotion    double precision := (p_preset ->> 'emotion')::double precision;
    v_frequency  double precision := (p_preset ->> 'frequency')::double precision;
    v_scale      double precision := (p_preset ->> 'recency_hours')::double precision;
    v_least      double precision := (p_preset ->> 'least_similarity')::double precision;
    v_now        double precision := date_part('epoch', p_now);
    v_norm       text             := p_preset ->> 'normalisation';
    v_linear     boolean          := p_preset ->> 'recency_shape' = 'linear';
    v_use        boolean          := p_preset ->> 'recency_since' = 'accessed';
    v_reach      integer          := CASE WHEN (p_preset ->> 'neighbours')::boolean THEN 2 ELSE 0 END;
    v_next       double precision := CASE WHEN (p_preset ->> 'neighbours')::boolean THEN 0.3 ELSE 0 END;
    v_second     double precision := CASE WHEN (p_preset ->> 'neighbours')::boolean THEN 0.15 ELSE 0 END;
    v_more       boolean          := v_recency + v_importance + v_emotion + v_frequency > 0;
    v_sessions   bigint[];
    v_few        bigint[];
    v_probes     integer          := 0;
    v_together   boolean          := false;
    v_sum        double precision;
    v_handful    constant integer := 2000;
    v_passing    double precision;
    v_rare       bigint[];
    v_rarest     double precision;
    v_kinds      bigint[];
    v_words      bigint[]         := '{}';
    v_vectors    bigint[]         := '{}';
    v_others     bigint[]         := '{}';
    v_found      bigint[];
BEGIN
    SELECT q.lexemes, q.frequencies, q.weights, q.terms, q.numbers, q.entries, q.length
    INTO v_lexemes, v_counts, v_weights, v_terms, v_numbers, v_entries, v_length
    FROM agentry_memory._query_terms(p_org_id, p_owners, p_seeds, p_query) AS q;
    -- tags and sources are terms of the index too: it is known how many entries have them
    v_passing := v_entries;
    IF p_tags IS NOT NULL THEN
        v_rare    := ARRAY(SELECT agentry_memory._tag_term(o.seed, t.tag)
                           FROM unnest(p_tags) AS t (tag), unnest(p_seeds) AS o (seed));
        v_rarest  := agentry_memory._count_terms(p_org_id, p_owners, v_rare);
        v_passing := least(v_rarest, v_passing);
    END IF;
    IF p_sources IS NOT NULL THEN
        v_kinds   := ARRAY(SELECT agentry_memory._source_term(o.seed, k.source_id)
                           FROM unnest(p_sources) AS k (source_id), unnest(p_seeds) AS o (seed));
        v_sum     := agentry_memory._count_terms(p_org_id, p_owners, v_kinds);
        v_passing := v_passing * least(v_sum / v_entries, 1);
        IF v_rare IS NULL OR v_sum < v_rarest THEN
            v_rare   := v_kinds;
            v_rarest := v_sum;
        END IF;
    END IF;
    -- few enough to look at each; else the filters are applied to what the indexes find
    IF p_session IS NOT NULL THEN
        v_sessions := ARRAY(SELECT agentry_memory._session_key(s.source_id, p_session, o.seed)
                            FROM agentry_memory.memory_sources AS s, unnest(p_seeds) AS o (seed));
        v_few      := ARRAY(
            SELECT e.id
            FROM agentry_memory.memory_entries AS e
            WHERE e.org_id = p_org_id
              AND e.session_key = ANY (v_sessions)
              AND agentry_memory._passes(e.expires_at, e.source_id, e.session_key, e.occurred_at, e.tags,
                                         p_now, p_sources, v_sessions, p_since, p_until, p_tags)
            LIMIT v_handful + 1);
        v_passing  := least(v_passing, v_handful);
    ELSIF v_rarest <= v_handful THEN
        v_few := ARRAY(
            SELECT e.id
            FROM agentry_memory.memory_entries AS e
            WHERE e.org_id = p_org_id
              AND e.terms && v_rare
              AND agentry_memory._passes(e.expires_at, e.source_id, e.session_key, e.occurred_at, e.tags,
                                         p_now, p_sources, v_sessions, p_since, p_until, p_tags));
    ELSIF p_since IS NOT NULL OR p_until IS NOT NULL THEN
        v_few := agentry_memory._newest(p_org_id, p_owners, v_handful + 1, p_now, p_sources, v_sessions, p_since,
                                        p_until, p_tags);
    END IF;
    IF cardinality(v_few) > v_handful THEN
        v_few := NULL;
    END IF;

    -- words: the rarest that are together in at most 300 entries (more where a filter will leave only some).  If even
    -- the rarest is in far more, entries in which several are together; if that does not narrow it, the newest.
    IF v_lexical > 0 AND v_terms IS NOT NULL THEN
        v_sum := 0;
        FOR v_i IN 1..cardinality(v_counts) LOOP
            EXIT WHEN v_i > 1
                  AND v_sum + v_counts[v_i] > CASE WHEN p_tags IS NULL AND p_since IS NULL
                                                                      AND p_until IS NULL AND p_sources IS NULL
                                                                 THEN 300 ELSE 2000 END;
            v_sum    := v_sum + v_counts[v_i];
            v_probes := v_i;
        END LOOP;
        IF v_sum > v_handful AND v_few IS NULL THEN
            v_together := true;
            v_sum      := v_entries;
            FOR v_i IN 1..cardinality(v_counts) LOOP
                v_sum    := v_sum * v_counts[v_i] / v_entries;
                v_probes := v_i;
                EXIT WHEN v_sum <= 500;
            END LOOP;
        END IF;
        IF v_few IS NOT NULL THEN
            v_words := ARRAY(
                SELECT e.id
                FROM agentry_memory.memory_entries AS e
                JOIN unnest(v_terms, v_numbers) AS t (term, number) ON t.term = ANY (e.terms)
                WHERE e.org_id = p_org_id AND e.id = ANY (v_few)
                GROUP BY e.id
                ORDER BY sum(v_weights[t.number] / (1 + 0.9 * (0.6 + 0.4 * (e.length / v_length)))) DESC, e.id
                LIMIT v_many);
        ELSIF NOT v_together THEN
            v_words := ARRAY(
                SELECT e.id
                FROM (SELECT e.id, e.length, e.terms
                      FROM agentry_memory.memory_entries AS e
                      WHERE e.org_id = p_org_id
                        AND e.terms && ARRAY(SELECT t.term
                                             FROM unnest(v_terms, v_numbers) AS t (term, number)
                                             WHERE t.number <= v_probes)
                        AND agentry_memory._passes(e.expires_at, e.source_id, e.session_key, e.occurred_at, e.tags,
                                                   p_now, p_sources, v_sessions, p_since, p_until, p_tags)
                      OFFSET 0) AS e
                JOIN unnest(v_terms, v_numbers) AS t (term, number)
                    ON t.number <= v_probes AND t.term = ANY (e.terms)
                GROUP BY e.id
                ORDER BY sum(v_weights[t.number] / (1 + 0.9 * (0.6 + 0.4 * (e.length / v_length)))) DESC,
                         e.id
                LIMIT v_many);
        ELSE
            v_words := ARRAY(
                SELECT e.id
                FROM (SELECT array_agg(t.term) AS terms
                      FROM unnest(v_terms, v_numbers) AS t (term, number)
                      JOIN unnest(p_seeds) AS o (seed)
                          ON t.term = hashtextextended(v_lexemes[t.number], o.seed)
                      WHERE t.number <= v_probes AND v_sum <= 500 AND v_counts[1] <= 20000
                      GROUP BY o.seed
                      HAVING count(*) = v_probes) AS p
                CROSS JOIN LATERAL (
                    SELECT e.id, e.length, e.terms
                    FROM agentry_memory.memory_entries AS e
                    WHERE e.terms @> p.terms
                      AND e.org_id = p_org_id
                      AND agentry_memory._passes(e.expires_at, e.source_id, e.session_key, e.occurred_at, e.tags,
                                                 p_now, p_sources, v_sessions, p_since, p_until, p_tags)
                    LIMIT 2000) AS e
                JOIN unnest(v_terms, v_numbers) AS t (term, number) ON t.term = ANY (e.terms)
                GROUP BY e.id
                ORDER BY sum(v_weights[t.number] / (1 + 0.9 * (0.6 + 0.4 * (e.length / v_length)))) DESC,
                         e.id
                LIMIT v_many);
            IF cardinality(v_words) < v_many THEN
                v_words := v_words || ARRAY(
                    SELECT e.id
                    FROM unnest(agentry_memory._newest(
                        p_org_id, p_owners, 1000, p_now, p_sources, v_sessions, p_since, p_until, p_tags))
                        WITH ORDINALITY AS n (id, n)
                    JOIN agentry_memory.memory_entries AS e ON e.org_id = p_org_id AND e.id = n.id
                    JOIN unnest(v_terms, v_numbers) AS t (term, number) ON t.term = ANY (e.terms)
                    GROUP BY e.id
                    ORDER BY sum(v_weights[t.number]) DESC, e.id
                    LIMIT v_many);
            END IF;
        END IF;
    END IF;

    IF v_semantic > 0 AND v_embedding IS NOT NULL THEN
        v_vectors := coalesce(agentry_memory._nearest(
            p_model_id, p_dimensions, p_org_id, p_owners, v_embedding, v_many, v_entries, v_passing,
            num_nonnulls(p_sources, v_sessions, p_since, p_until, p_tags) > 0
                OR EXISTS (SELECT
                           FROM agentry_memory.memory_entries AS e
                           WHERE e.expires_at IS NOT NULL AND e.org_id = p_org_id AND e.owner_id = ANY (p_owners)),
            p_now, p_sources, v_sessions, p_since, p_until, p_tags, v_few), '{}');
    END IF;
    IF v_few IS NOT NULL AND v_importance + v_recency > 0 THEN
        v_others := ARRAY(
            SELECT n.id
            FROM (SELECT e.id, row_number() OVER (ORDER BY e.importance DESC, e.id DESC) AS important,
                         row_number() OVER (ORDER BY e.occurred_at DESC, e.id DESC) AS new
                  FROM agentry_memory.memory_entries AS e
                  WHERE e.org_id = p_org_id AND e.id = ANY (v_few)) AS n
            WHERE v_importance > 0 AND n.important <= v_many OR v_recency > 0 AND n.new <= v_many);
    ELSIF v_few IS NULL AND v_importance > 0 THEN
        v_others := ARRAY(
            SELECT n.id
            FROM unnest(p_owners) AS o (owner_id)
            CROSS JOIN LATERAL (
                SELECT e.id, e.importance
                FROM agentry_memory.memory_entries AS e
                WHERE e.owner_id = o.owner_id
                  AND e.importance > 0.5
                  AND e.org_id = p_org_id
                  AND agentry_memory._passes(e.expires_at, e.source_id, e.session_key, e.occurred_at, e.tags,
                                             p_now, p_sources, v_sessions, p_since, p_until, p_tags)
                ORDER BY e.importance DESC, e.id DESC
                LIMIT v_many) AS n
            ORDER BY n.importance DESC, n.id DESC
            LIMIT v_many);
    END IF;
    v_found := ARRAY(SELECT f.id FROM unnest(v_words || v_vectors || v_others) AS f (id) GROUP BY f.id);
    IF v_recency > 0 AND v_few IS NULL OR cardinality(v_found) < p_limit THEN
        v_found := ARRAY(
            SELECT f.id
            FROM unnest(v_found || CASE
                     WHEN v_few IS NULL THEN agentry_memory._newest(
                         p_org_id, p_owners, v_many, p_now, p_sources, v_sessions, p_since, p_until, p_tags)
                     WHEN cardinality(v_few) <= p_limit THEN v_few
                     ELSE ARRAY(SELECT e.id
                                FROM agentry_memory.memory_entries AS e
                                WHERE e.org_id = p_org_id AND e.id = ANY (v_few)
                                ORDER BY e.occurred_at DESC, e.id DESC
                                LIMIT v_many) END) AS f (id)
            GROUP BY f.id);
    END IF;
    -- what there is nothing to compare with does not count, and the other counts for both
    IF v_embedding IS NULL THEN
        v_lexical  := v_lexical + v_semantic;
        v_semantic := 0;
    ELSIF v_terms IS NULL THEN
        v_semantic := v_lexical + v_semantic;
        v_lexical  := 0;
    END IF;

    RETURN QUERY
    WITH seed AS MATERIALIZED (
        SELECT e.id, e.session_key, e.position, e.length, e.terms, e.frequencies,
               agentry_memory._passes(e.expires_at, e.source_id, e.session_key, e.occurred_at, e.tags, p_now, p_sources,
                                      v_sessions, p_since, p_until, p_tags) AS passes, 0 AS step
        FROM agentry_memory.memory_entries AS e
        WHERE e.org_id = p_org_id AND e.id = ANY (v_found)
    ), near AS (
        SELECT s.* FROM seed AS s
        UNION ALL
        SELECT n.*
        FROM seed AS s
        CROSS JOIN LATERAL (
            SELECT e.id, e.session_key, e.position, e.length, e.terms, e.frequencies,
                   agentry_memory._passes(e.expires_at, e.source_id, e.session_key, e.occurred_at, e.tags, p_now,
                                          p_sources, v_sessions, p_since, p_until, p_tags),
                   -row_number() OVER (ORDER BY e.position DESC, e.id DESC)::integer
            FROM agentry_memory.memory_entries AS e
            WHERE e.session_key = s.session_key
              AND (e.position, e.id) < (s.position, s.id)
              AND e.org_id = p_org_id
              AND (e.expires_at IS NULL OR e.expires_at > p_now)
            ORDER BY e.position DESC, e.id DESC
            LIMIT v_reach) AS n
        UNION ALL
        SELECT n.*
        FROM seed AS s
        CROSS JOIN LATERAL (
            SELECT e.id, e.session_key, e.position, e.length, e.terms, e.frequencies,
                   agentry_memory._passes(e.expires_at, e.source_id, e.session_key, e.occurred_at, e.tags, p_now,
                                          p_sources, v_sessions, p_since, p_until, p_tags), 1
            FROM agentry_memory.memory_entries AS e
            WHERE e.session_key = s.session_key
              AND (e.position, e.id) > (s.position, s.id)
              AND e.org_id = p_org_id
              AND (e.expires_at IS NULL OR e.expires_at > p_now)
            ORDER BY e.position, e.id
            LIMIT v_reach) AS n
    ), pooled AS (
        SELECT DISTINCT ON (n.session_key, n.position, n.id) n.*
        FROM near AS n
        ORDER BY n.session_key, n.position, n.id, n.step DESC
    ), jumps AS (
        -- the entry before this one in the session is in the pool too, unless this is the first of its seed's
        SELECT p.id, p.session_key, p.position, p.length, p.terms, p.frequencies, p.passes,
               CASE WHEN p.step > -2 AND p.session_key = lag(p.session_key) OVER (
                             ORDER BY p.session_key, p.position, p.id)
                    THEN 1 ELSE 4 END AS jump
        FROM pooled AS p
    ), pool AS MATERIALIZED (
        SELECT j.id, j.length, j.terms, j.frequencies, j.passes,
               sum(j.jump) OVER (ORDER BY j.session_key, j.position, j.id ROWS UNBOUNDED PRECEDING) AS place
        FROM jumps AS j
    ), likenesses AS MATERIALIZED (
        SELECT v.entry_id, 1 - (v.embedding <=> v_embedding) AS likeness
        FROM agentry_memory.memory_vectors AS v
        WHERE v.org_id = p_org_id
          AND v.entry_id = ANY (ARRAY(SELECT p.id FROM pool AS p WHERE v_semantic > 0))
          AND v.model_id = p_model_id
    ), shares (step, share) AS MATERIALIZED (
        SELECT h.step, h.share
        FROM (VALUES (0, 1::double precision), (-1, v_next), (1, v_next), (-2, v_second), (2, v_second))
            AS h (step, share)
        WHERE h.share > 0
    ), windows AS MATERIALIZED (
        SELECT p.place + h.step AS place,
               0.9 * (0.6 + 0.4 * (sum(h.share * p.length) / sum(h.share) / v_length)) AS damping,
               0.9 * (0.6 + 0.4 * (sum(p.length) FILTER (WHERE h.step = 0) / v_length)) AS own_damping,
               sum(h.share * v.likeness) / nullif(sum(h.share) FILTER (WHERE v.likeness IS NOT NULL), 0) AS meaning,
               sum(v.likeness) FILTER (WHERE h.step = 0) AS own_meaning
        FROM pool AS p
        LEFT JOIN likenesses AS v ON v.entry_id = p.id
        CROSS JOIN shares AS h
        GROUP BY p.place + h.step
    ), lent AS (
        SELECT u.place + h.step AS place, t.number, sum(coalesce(u.frequency, 1) * h.share) AS amount,
               sum(coalesce(u.frequency, 1)) FILTER (WHERE h.step = 0) AS own
        FROM (SELECT p.place, unnest(p.terms) AS term, unnest(p.frequencies) AS frequency
              FROM pool AS p
              WHERE p.terms && v_terms) AS u
        JOIN unnest(v_terms, v_numbers) AS t (term, number) ON t.term = u.term
        CROSS JOIN shares AS h
        GROUP BY u.place + h.step, t.number
    ), worded AS (
        SELECT l.place, sum(v_weights[l.number] * l.amount / (l.amount + w.damping)) AS words,
               sum(v_weights[l.number] * l.own / (l.own + w.own_damping)) AS own_words
        FROM lent AS l
        JOIN windows AS w ON w.place = l.place
        GROUP BY l.place
    ), scored AS MATERIALIZED (
        SELECT p.id, coalesce(x.words, 0) AS words, coalesce(x.own_words, 0) AS own_words,
               greatest(coalesce(w.meaning, 0), 0) AS meaning, greatest(coalesce(w.own_meaning, 0), 0) AS own_meaning
        FROM pool AS p
        JOIN windows AS w ON w.place = p.place
        LEFT JOIN worded AS x ON x.place = p.place
        WHERE p.passes AND (v_least IS NULL OR v_embedding IS NULL OR coalesce(w.own_meaning, -1) > v_least)
    ), scales AS (
        SELECT CASE v_norm WHEN 'range' THEN min(s.words) ELSE 0 END AS words_from,
               CASE v_norm WHEN 'range' THEN max(s.words) - min(s.words)
                           WHEN 'none' THEN (SELECT sum(u.weight) FROM unnest(v_weights) AS u (weight))
                           ELSE max(s.words) END AS words_span,
               CASE v_norm WHEN 'range' THEN min(s.meaning) ELSE 0 END AS meaning_from,
               CASE v_norm WHEN 'range' THEN max(s.meaning) - min(s.meaning)
                           WHEN 'none' THEN 1
                           ELSE max(s.meaning) END AS meaning_span
        FROM scored AS s
    ), legs AS (
        SELECT s.id, coalesce((s.words - c.words_from) / nullif(c.words_span, 0), 0) AS lexical,
               coalesce((s.meaning - c.meaning_from) / nullif(c.meaning_span, 0), 0) AS semantic,
               v_lexical * coalesce((s.words - s.own_words) / nullif(c.words_span, 0), 0)
                   + v_semantic * coalesce((s.meaning - s.own_meaning) / nullif(c.meaning_span, 0), 0) AS context
        FROM scored AS s
        CROSS JOIN scales AS c
    ), relevant AS (
        -- where nothing else counts, the best are known here
        SELECT g.*
        FROM legs AS g
        ORDER BY CASE WHEN v_more THEN 0 ELSE -round((v_lexical * g.lexical + v_semantic * g.semantic) * 1e9) END,
                 g.id DESC
        LIMIT CASE WHEN NOT v_more THEN p_limit END
    ), aged AS (
        SELECT r.*, e.source_id, e.row_id, e.content, e.occurred_at, e.importance::double precision AS importance,
               coalesce(e.emotion, 0)::double precision AS emotion,
               -- exp(-746) is no double precision but an error
               CASE WHEN v_linear THEN greatest(0, 1 - g.hours / v_scale)
                    ELSE exp(-least(g.hours / v_scale, 500)) END AS recency,
               coalesce(a.access_count, 0)::double precision AS uses
        FROM relevant AS r
        JOIN agentry_memory.memory_entries AS e ON e.org_id = p_org_id AND e.id = r.id
        LEFT JOIN LATERAL (
            SELECT u.access_count, u.last_accessed
            FROM agentry_memory.memory_access AS u
            WHERE (v_use OR v_frequency > 0) AND u.org_id = p_org_id AND u.entry_id = r.id
            OFFSET 0) AS a ON true
        CROSS JOIN LATERAL (
            -- not of a difference of times, which may be infinite or too long for an interval
            SELECT least(greatest(v_now - date_part('epoch', CASE WHEN v_use
                                                                  THEN coalesce(a.last_accessed, e.occurred_at)
                                                                  ELSE e.occurred_at END), 0) / 3600, 1e7)) AS g (hours)
    ), parts AS (
        SELECT a.id, a.source_id, a.row_id, a.content, a.occurred_at, a.lexical, a.semantic, a.context,
               CASE WHEN v_norm = 'range' THEN coalesce((a.recency - min(a.recency) OVER p)
                                                        / nullif(max(a.recency) OVER p - min(a.recency) OVER p, 0), 0)
                    ELSE a.recency END AS recency,
               CASE WHEN v_norm = 'range'
                    THEN coalesce((a.importance - min(a.importance) OVER p)
                                  / nullif(max(a.importance) OVER p - min(a.importance) OVER p, 0), 0)
                    ELSE a.importance END AS importance,
               CASE WHEN v_norm = 'range' THEN coalesce((a.emotion - min(a.emotion) OVER p)
                                                        / nullif(max(a.emotion) OVER p - min(a.emotion) OVER p, 0), 0)
                    ELSE a.emotion END AS emotion,
               coalesce(a.uses / nullif(max(a.uses) OVER p, 0), 0) AS frequency
        FROM aged AS a
        WINDOW p AS ()
    )
    -- rounded, so that the order does not depend on the order of a sum
    SELECT p.id, p.source_id, p.row_id, p.content, p.occurred_at,
           round((v_lexical * p.lexical + v_semantic * p.semantic + v_recency * p.recency
                  + v_importance * p.importance + v_emotion * p.emotion + v_frequency * p.frequency) * 1e9) / 1e9,
           p.lexical, p.semantic, p.context, p.recency, p.importance, p.emotion
    FROM parts AS p
    ORDER BY 6 DESC, p.id DESC
    LIMIT p_limit;
END;
$_recall$;

COMMENT ON FUNCTION agentry_memory._recall(
    uuid, uuid[], bigint[], text, vector, integer, integer[], text, timestamptz, timestamptz, text[], jsonb, integer,
    integer, timestamptz) IS
    'Finds and ranks entries of owners; for recall() and its kin.';
