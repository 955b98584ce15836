-- consolidations_due([agent, fill, similarity, strength, low_for, sample, limit, now]) -> agent, reason, ...
-- What would be worth a consolidate(): more memories than fill of the setting memory.max_memories (the weakest ones are
-- named); pairs whose embeddings by the default model are alike; three or more of a type that have been weak for long.
-- What is archived, or a source of a consolidation already, is left out.  Without an agent: all that whoever is asking
-- may act for.  Writes nothing.
-- Raises invalid_parameter_value, and what _actor() and _caller() raise.
CREATE OR REPLACE FUNCTION agentry_memory.consolidations_due(
    p_agent      text        DEFAULT NULL,
    p_fill       float8      DEFAULT 0.9,
    p_similarity float8      DEFAULT 0.9,
    p_strength   float8      DEFAULT 0.2,
    p_low_for    interval    DEFAULT '72 hours',
    p_sample     integer     DEFAULT 1000,
    p_limit      integer     DEFAULT 50,
    p_now        timestamptz DEFAULT pg_catalog.now()
)
RETURNS TABLE (agent text, reason text, memory_type text, memories uuid[], measure float8)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $consolidations_due$
DECLARE
    v_me     record;
    v_source integer := (SELECT s.source_id FROM agentry_memory.memory_sources AS s WHERE s.name = 'memory');
    v_model  integer;
    v_limit  integer;
BEGIN
    IF p_agent IS NULL THEN
        v_me := agentry._caller();
    ELSE
        SELECT a.org_id, a.agent_id, NULL::uuid AS user_id, 'agent' AS kind
        INTO v_me
        FROM agentry._actor(p_agent) AS a;
    END IF;
    IF coalesce(p_limit NOT BETWEEN 1 AND 1000 OR p_sample NOT BETWEEN 2 AND 5000, true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'limit or sample is out of range',
            DETAIL  = format('limit: %s, sample: %s', p_limit, p_sample),
            HINT    = 'A limit is 1 to 1000; a sample, how many of the newest memories are compared, 2 to 5000.';
    END IF;
    v_limit := (agentry._setting(v_me.org_id, 'memory.max_memories') #>> '{}')::integer;
    IF p_similarity IS NOT NULL THEN
        SELECT o.model_id
        INTO v_model
        FROM agentry_memory.organization_models AS o
        WHERE o.org_id = v_me.org_id AND o.is_default;
    END IF;
    RETURN QUERY
    WITH mine AS MATERIALIZED (
        SELECT a.id, a.name
        FROM agentry.agents AS a
        WHERE a.org_id = v_me.org_id
          AND a.status IN ('active', 'inactive')
          AND CASE v_me.kind WHEN 'agent' THEN a.id = v_me.agent_id WHEN 'user' THEN a.user_id = v_me.user_id
                             ELSE true END
    ), live AS MATERIALIZED (
        SELECT m.agent_id, m.id, m.memory_type, m.occurred_at, e.id AS entry_id,
               m.pinned OR EXISTS (
                   SELECT
                   FROM agentry_memory.memory_links AS l
                   JOIN agentry_memory.memory_consolidations AS c
                       ON c.org_id = l.org_id AND c.consolidated_memory_id = l.from_id AND c.undone_at IS NULL
                   WHERE l.org_id = m.org_id
                     AND l.to_kind = 'memory'
                     AND l.to_id = m.id
                     AND l.from_kind = 'memory'
                     AND l.relation IN ('summarises', 'derived_from')) AS stays,
               -- far below what a number can hold it is nothing
               m.importance * exp(-least(m.decay_rate * d.days, 80)) AS strength,
               m.importance * exp(-least(m.decay_rate * greatest(d.days - l.days, 0), 80))
                   AS strength_then,
               d.days >= l.days AS was_there
        FROM mine AS a
        JOIN agentry_memory.agent_memories AS m ON m.org_id = v_me.org_id AND m.agent_id = a.id
        LEFT JOIN agentry_memory.memory_entries AS e
            ON e.org_id = m.org_id AND e.source_id = v_source AND e.row_id = m.id::text
        LEFT JOIN agentry_memory.memory_access AS u ON u.org_id = e.org_id AND u.entry_id = e.id
        CROSS JOIN LATERAL (
            -- not of a difference of times: PostgreSQL 16 refuses that of an infinite one
            SELECT least(greatest(date_part('epoch', p_now)
                                  - date_part('epoch', coalesce(u.last_accessed, m.occurred_at)), 0) / 86400, 1e8)
        ) AS d (days)
        CROSS JOIN (SELECT extract(epoch FROM p_low_for)::float8 / 86400) AS l (days)
        WHERE m.archived_at IS NULL AND (m.expires_at IS NULL OR m.expires_at > p_now)
    ), many AS (
        SELECT o.agent_id, o.held,
               coalesce(array_agg(o.id ORDER BY o.place) FILTER (WHERE NOT o.stays AND o.place <= 100), '{}') AS ids
        FROM (SELECT v.*, count(*) OVER (PARTITION BY v.agent_id) AS held,
                     row_number() OVER (PARTITION BY v.agent_id, v.stays ORDER BY v.strength, v.occurred_at, v.id)
                         AS place
              FROM live AS v) AS o
        WHERE o.held > p_fill * v_limit
        GROUP BY o.agent_id, o.held
    ), weak AS (
        SELECT v.agent_id, v.memory_type, max(v.strength) AS strength,
               (array_agg(v.id ORDER BY v.strength, v.occurred_at, v.id))[1:100] AS ids
        FROM live AS v
        WHERE NOT v.stays AND v.was_there AND v.strength_then < p_strength
        GROUP BY v.agent_id, v.memory_type
        HAVING count(*) >= 3
    ), sample AS MATERIALIZED (
        SELECT s.agent_id, s.id, s.occurred_at, s.embedding
        FROM (SELECT v.agent_id, v.id, v.occurred_at, w.embedding,
                     row_number() OVER (PARTITION BY v.agent_id ORDER BY v.occurred_at DESC, v.id DESC) AS place
              FROM live AS v
              JOIN agentry_memory.memory_vectors AS w
                  ON w.org_id = v_me.org_id AND w.entry_id = v.entry_id AND w.model_id = v_model
              WHERE NOT v.stays) AS s
        WHERE s.place <= p_sample
    ), alike AS (
        SELECT x.agent_id, x.id AS first_id, y.id AS second_id, 1 - (x.embedding <=> y.embedding) AS similarity
        FROM sample AS x
        JOIN sample AS y ON y.agent_id = x.agent_id AND (x.occurred_at, x.id) < (y.occurred_at, y.id)
        WHERE x.embedding <=> y.embedding <= 1 - p_similarity
    )
    SELECT a.name, f.reason, f.memory_type, f.ids, f.measure
    FROM (SELECT m.agent_id, 1 AS rank, 'count' AS reason, NULL::text AS memory_type, m.ids, m.held::float8 AS measure
          FROM many AS m
          UNION ALL
          SELECT w.agent_id, 2, 'strength', w.memory_type, w.ids, w.strength
          FROM weak AS w
          UNION ALL
          SELECT l.agent_id, 3, 'similarity', NULL, ARRAY[l.first_id, l.second_id], l.similarity
          FROM alike AS l) AS f
    JOIN mine AS a ON a.id = f.agent_id
    ORDER BY f.rank, CASE WHEN f.rank = 2 THEN f.measure ELSE -f.measure END, a.name COLLATE "C", f.memory_type, f.ids
    LIMIT p_limit;
END;
$consolidations_due$;

COMMENT ON FUNCTION agentry_memory.consolidations_due(
    text, float8, float8, float8, interval, integer, integer, timestamptz) IS
    'Memories of an agent [of all that whoever is asking may act for] that consolidate() is worth calling for.  reason '
    'count: there are more than fill [0.9] of the setting memory.max_memories [1000]; memories: the weakest, at most '
    '100; measure: how many there are.  strength: three or more of a type have been weaker than strength [0.2] for '
    'low_for [72 hours]; measure: strength of the strongest.  similarity: a pair whose embeddings by the default model '
    'have a cosine of similarity [0.9] or more; measure: the cosine; of the newest sample [1000] memories each is '
    'compared with each; NULL: none.  What is archived, pinned, or a source of a consolidation is not named.  Raises '
    'invalid_parameter_value, undefined_object, insufficient_privilege.';
