-- _nearest(model, dimensions, organisation, owners, embedding, limit, filter, entries) -> bigint[]
-- Ids of the entries whose vectors are nearest to one, about.  By an exact scan where the owners have few entries, else
-- by the index of the model, which goes on until enough are found that pass (pgvector's iterative scan).  filter: a
-- condition on an entry e over $4 (now), $5 (sources), $6 (sessions), $7 (since), $8 (until), $9 (tags), $10 (ids), NULL
-- for none.  Changes settings for its own time, hence volatile.
CREATE OR REPLACE FUNCTION agentry_memory._nearest(
    p_model_id   integer,
    p_dimensions integer,
    p_org_id     uuid,
    p_owners     uuid[],
    p_embedding  halfvec,
    p_limit      integer,
    p_entries    bigint,
    p_filter     text,
    p_now        timestamptz,
    p_sources    integer[],
    p_sessions   bigint[],
    p_since      timestamptz,
    p_until      timestamptz,
    p_tags       text[],
    p_ids        bigint[]
)
RETURNS bigint[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, public, pg_temp
SET enable_sort = off
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_bitmapscan = off
AS $_nearest$
DECLARE
    v_index   regclass := to_regclass(format('agentry_memory.memory_vectors_%s_idx', p_model_id));
    v_all     double precision := (SELECT c.reltuples FROM pg_class AS c WHERE c.oid = v_index);
    v_join    text := CASE WHEN p_filter IS NOT NULL THEN
        'JOIN agentry_memory.memory_entries AS e ON e.org_id = v.org_id AND e.id = v.entry_id AND ' || p_filter END;
    v_breadth integer := greatest(100, least(2 * p_limit, 1000));
    v_found   bigint[];
BEGIN
    -- Measured: a vector of an exact scan costs a 40th of a step in the index, which takes about all / entries of them
    -- for each that passes.
    IF v_index IS NOT NULL AND p_ids IS NULL AND p_entries > 4000 AND p_entries::double precision ^ 2 > 800 * v_all THEN
        PERFORM set_config('hnsw.ef_search', v_breadth::text, true);
        -- where nearly all that it finds passes, it need not be able to go on
        IF p_filter IS NOT NULL OR v_breadth * p_entries < 2 * p_limit * v_all THEN
            PERFORM set_config('hnsw.iterative_scan', 'relaxed_order', true),
                    set_config('ivfflat.iterative_scan', 'relaxed_order', true);
        END IF;
        EXECUTE format(
            'SELECT array_agg(n.entry_id) FROM (SELECT v.entry_id FROM agentry_memory.memory_vectors AS v %1$s '
            'WHERE v.model_id = %2$s AND v.org_id = $2 AND v.owner_id = ANY ($3) '
            'ORDER BY v.embedding::halfvec(%3$s) <=> $1::halfvec(%3$s) LIMIT %4$s) AS n',
            v_join, p_model_id, p_dimensions, p_limit)
        INTO v_found
        USING p_embedding, p_org_id, p_owners, p_now, p_sources, p_sessions, p_since, p_until, p_tags, p_ids;
        -- a filter that lets less than one in a thousand pass: what the index gave up on is looked for one by one
        IF coalesce(cardinality(v_found), 0) >= p_limit OR p_entries > 200000 THEN
            RETURN v_found;
        END IF;
    END IF;
    EXECUTE format(
        'SELECT array_agg(n.entry_id) FROM (SELECT v.entry_id FROM agentry_memory.memory_vectors AS v %s '
        'WHERE v.model_id = %s AND v.org_id = $2 AND %s '
        'ORDER BY v.embedding <=> $1, v.entry_id LIMIT %s) AS n',
        v_join, p_model_id, CASE WHEN p_ids IS NULL THEN 'v.owner_id = ANY ($3)' ELSE 'v.entry_id = ANY ($10)' END,
        p_limit)
    INTO v_found
    USING p_embedding, p_org_id, p_owners, p_now, p_sources, p_sessions, p_since, p_until, p_tags, p_ids;
    RETURN v_found;
END;
$_nearest$;

COMMENT ON FUNCTION agentry_memory._nearest(
    integer, integer, uuid, uuid[], halfvec, integer, bigint, text, timestamptz, integer[], bigint[], timestamptz,
    timestamptz, text[], bigint[]) IS
    'Ids of the entries of owners whose vectors are nearest to one.';
