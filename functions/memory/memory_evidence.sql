-- memory_evidence(kind, id [, depth, limit]) -> depth, kind, id, relation, of_kind, of_id, weight, note, content
-- What something rests on: what it was derived from, summarises or supersedes, and what supports or contradicts it;
-- then what that rests on, and so on to a depth.  Each thing once, however the links run; as far as the caller may read
-- them.
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_memory.memory_evidence(
    p_kind  text,
    p_id    uuid,
    p_depth integer DEFAULT 3,
    p_limit integer DEFAULT 100
)
RETURNS TABLE (
    depth    integer,
    kind     text,
    id       uuid,
    relation text,
    of_kind  text,
    of_id    uuid,
    weight   real,
    note     text,
    content  text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $memory_evidence$
DECLARE
    v_org_id uuid    := agentry.current_org_id();
    v_seen   jsonb   := jsonb_build_array(jsonb_build_array(p_kind, p_id));
    v_front  jsonb   := v_seen;
    v_found  jsonb;
    v_left   integer := p_limit;
BEGIN
    IF coalesce(p_depth NOT BETWEEN 1 AND 100 OR p_limit NOT BETWEEN 1 AND 1000, true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'depth or limit is out of range',
            DETAIL  = format('depth: %s, limit: %s', p_depth, p_limit),
            HINT    = 'A depth is 1 to 100, a limit 1 to 1000.';
    END IF;
    FOR d IN 1 .. p_depth LOOP
        -- of several links to the same thing the strongest
        SELECT jsonb_agg(f.link ORDER BY f.place)
        INTO v_found
        FROM (SELECT jsonb_build_object(
                         'kind', e.kind, 'id', e.id, 'relation', e.relation, 'of_kind', e.of_kind, 'of_id', e.of_id,
                         'weight', e.weight, 'note', e.note) AS link,
                     row_number() OVER (ORDER BY e.weight DESC, e.kind, e.id) AS place
              FROM (SELECT DISTINCT ON (n.kind, n.id) n.*
                    FROM jsonb_array_elements(v_front) AS f (node)
                    CROSS JOIN LATERAL (
                        SELECT l.to_kind AS kind, l.to_id AS id, l.relation, l.from_kind AS of_kind,
                               l.from_id AS of_id, l.weight, l.note
                        FROM agentry_memory.memory_links AS l
                        WHERE l.org_id = v_org_id
                          AND l.from_kind = f.node ->> 0
                          AND l.from_id = (f.node ->> 1)::uuid
                          AND l.relation IN ('derived_from', 'summarises', 'supersedes')
                        UNION ALL
                        SELECT l.from_kind, l.from_id, l.relation, l.to_kind, l.to_id, l.weight, l.note
                        FROM agentry_memory.memory_links AS l
                        WHERE l.org_id = v_org_id
                          AND l.to_kind = f.node ->> 0
                          AND l.to_id = (f.node ->> 1)::uuid
                          AND l.relation IN ('supports', 'contradicts')) AS n
                    WHERE NOT v_seen @> jsonb_build_array(jsonb_build_array(n.kind, n.id))
                    ORDER BY n.kind, n.id, n.weight DESC, n.relation, n.of_kind, n.of_id) AS e) AS f
        WHERE f.place <= v_left;
        EXIT WHEN v_found IS NULL;
        RETURN QUERY
        SELECT d, f.kind, f.id, f.relation, f.of_kind, f.of_id, f.weight, f.note, c.content
        FROM jsonb_array_elements(v_found) WITH ORDINALITY AS j (link, n)
        CROSS JOIN LATERAL jsonb_to_record(j.link) AS f (
            kind text, id uuid, relation text, of_kind text, of_id uuid, weight real, note text)
        LEFT JOIN (SELECT g.kind, r.id, r.content
                   FROM (SELECT l.link ->> 'kind' AS kind, array_agg((l.link ->> 'id')::uuid) AS ids
                         FROM jsonb_array_elements(v_found) AS l (link)
                         GROUP BY 1) AS g
                   CROSS JOIN LATERAL agentry_memory._link_contents(g.kind, g.ids) AS r) AS c
            ON c.kind = f.kind AND c.id = f.id
        ORDER BY j.n;
        v_left := v_left - jsonb_array_length(v_found);
        EXIT WHEN v_left = 0;
        SELECT jsonb_agg(jsonb_build_array(l.link -> 'kind', l.link -> 'id'))
        INTO v_front
        FROM jsonb_array_elements(v_found) AS l (link);
        v_seen := v_seen || v_front;
    END LOOP;
END;
$memory_evidence$;

COMMENT ON FUNCTION agentry_memory.memory_evidence(text, uuid, integer, integer) IS
    'What something rests on, by its kind (memory, raw_memory, event, view, concept) and id: what it was derived_from, '
    'summarises or supersedes, and what supports or contradicts it; then what that rests on, to a depth (1 to 100) '
    '[3], at most limit (1 to 1000) rows [100].  Each thing once.  content is NULL where the caller may not read it.  '
    'Raises invalid_parameter_value.';
