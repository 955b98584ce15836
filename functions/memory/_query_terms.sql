-- _query_terms(organisation, owners, seeds, query) -> lexemes, frequencies, weights, terms, numbers, entries, length
-- The words of a question, the rarest first: in how many entries of the owners each is, its weight (BM25's idf, never
-- below 0 as in Lucene), and its terms, one for each owner, each with the number of its word.  Of a long question the
-- 32 rarest words.  Then how many entries the owners have, and how long these are on average.
CREATE OR REPLACE FUNCTION agentry_memory._query_terms(
    p_org_id        uuid,
    p_owners        uuid[],
    p_seeds         bigint[],
    p_query         text,
    OUT lexemes     text[],
    OUT frequencies bigint[],
    OUT weights     double precision[],
    OUT terms       bigint[],
    OUT numbers     integer[],
    OUT entries     bigint,
    OUT length      double precision
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $_query_terms$
DECLARE
    v_lexemes text[];
    v_terms   bigint[];
BEGIN
    -- totals, and what is not in them yet
    SELECT l.lexemes,
           (SELECT array_agg(hashtextextended(w.lexeme, s.seed) ORDER BY w.n)
            FROM unnest(l.lexemes) WITH ORDINALITY AS w (lexeme, n), unnest(p_seeds) AS s (seed)),
           greatest(t.entries, 1), greatest(t.length::double precision / greatest(t.entries, 1), 1)
    INTO v_lexemes, v_terms, entries, length
    FROM (SELECT tsvector_to_array(agentry_memory._lexemes(
                     (coalesce(s.value, d.default_value) #>> '{}')::regconfig, left(p_query, 10000)))
          FROM agentry.setting_types AS d
          LEFT JOIN agentry.settings AS s ON s.org_id = p_org_id AND s.name = d.name
          WHERE d.name = 'memory.language'
          OFFSET 0) AS l (lexemes)
    CROSS JOIN (SELECT sum(s.entries), sum(s.length)
                FROM (SELECT w.entries, w.length
                      FROM agentry_memory.memory_owners AS w
                      WHERE w.org_id = p_org_id AND w.owner_id = ANY (p_owners)
                      UNION ALL
                      SELECT c.entries, c.length
                      FROM agentry_memory.memory_changes AS c
                      WHERE c.org_id = p_org_id AND c.owner_id = ANY (p_owners)) AS s) AS t (entries, length);
    IF v_terms IS NULL THEN
        RETURN;
    END IF;
    WITH counted AS MATERIALIZED (
        SELECT f.term, sum(f.entries) AS entries
        FROM (SELECT m.term, m.entries
              FROM agentry_memory.memory_terms AS m
              WHERE m.org_id = p_org_id AND m.term = ANY (v_terms)
              UNION ALL
              SELECT u.term, u.entries
              FROM (SELECT c.entries, unnest(c.terms) AS term
                    FROM agentry_memory.memory_changes AS c
                    WHERE c.org_id = p_org_id AND c.owner_id = ANY (p_owners) AND c.terms && v_terms) AS u
              WHERE u.term = ANY (v_terms)) AS f
        GROUP BY f.term
        HAVING sum(f.entries) > 0
    ), found AS (
        SELECT l.lexeme, array_agg(c.term ORDER BY c.term) AS terms, sum(c.entries)::bigint AS entries
        FROM unnest(v_lexemes) WITH ORDINALITY AS l (lexeme, n)
        JOIN unnest(v_terms) WITH ORDINALITY AS t (term, n) ON (t.n - 1) / cardinality(p_seeds) = l.n - 1
        JOIN counted AS c ON c.term = t.term
        GROUP BY l.lexeme
    ), ranked AS MATERIALIZED (
        SELECT f.lexeme, f.terms, f.entries, row_number() OVER (ORDER BY f.entries, f.lexeme COLLATE "C") AS n
        FROM found AS f
        ORDER BY f.entries, f.lexeme COLLATE "C"
        LIMIT 32
    )
    SELECT array_agg(r.lexeme ORDER BY r.n), array_agg(r.entries ORDER BY r.n),
           array_agg(ln(1 + (greatest(_query_terms.entries, r.entries) - r.entries + 0.5::double precision)
                            / (r.entries + 0.5::double precision)) ORDER BY r.n),
           (SELECT array_agg(u.term ORDER BY r.n, u.term) FROM ranked AS r, unnest(r.terms) AS u (term)),
           (SELECT array_agg(r.n::integer ORDER BY r.n, u.term) FROM ranked AS r, unnest(r.terms) AS u (term))
    INTO lexemes, frequencies, weights, terms, numbers
    FROM ranked AS r;
END;
$_query_terms$;

COMMENT ON FUNCTION agentry_memory._query_terms(uuid, uuid[], bigint[], text) IS
    'The words of a question, the rarest first, with their document frequencies and terms.';
