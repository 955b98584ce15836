-- _nearest(model, dimensions, organisation, owners, embedding, limit, entries, passing, filters, ids) -> bigint[]
-- Ids of the entries whose vectors are nearest to one, about: by an exact scan where that costs less, else by the index
-- of the model, which goes on until enough are found that pass (pgvector's iterative scan).  entries: how many the
-- owners have; passing: how many of these pass the filters, about; ids: those that do, where they are known.  Changes
-- settings for its own time, hence volatile.
CREATE OR REPLACE FUNCTION agentry_memory._nearest(
    p_model_id   integer,
    p_dimensions integer,
    p_org_id     uuid,
    p_owners     uuid[],
    p_embedding  halfvec,
    p_limit      integer,
    p_entries    bigint,
    p_passing    double precision,
    p_filtered   boolean,
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
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $_nearest$
DECLARE
    v_index   regclass         := to_regclass(format('agentry_memory.memory_vectors_%s_idx', p_model_id));
    v_all     double precision := (SELECT c.reltuples FROM pg_class AS c WHERE c.oid = v_index);
    v_breadth integer          := greatest(100, least(2 * p_limit, 1000));
    v_steps   double precision := greatest(v_breadth, 1.5 * p_limit * v_all / greatest(p_passing, 1));
    v_found   bigint[];
BEGIN
    -- measured: a step in the index costs as much as 40 vectors of an exact scan, or 16 with a filter on their entries
    IF v_index IS NOT NULL AND p_ids IS NULL AND p_entries > (v_steps * CASE WHEN p_filtered THEN 16 ELSE 40 END) THEN
        PERFORM set_config('hnsw.ef_search', v_breadth::text, true);
        -- where nearly all that it finds passes, it need not be able to go on
        IF v_steps > v_breadth OR p_filtered THEN
            PERFORM set_config('hnsw.iterative_scan', 'relaxed_order', true),
                    set_config('ivfflat.iterative_scan', 'relaxed_order', true);
        END IF;
        EXECUTE format(
            'SELECT array_agg(n.entry_id) FROM (SELECT v.entry_id FROM agentry_memory.memory_vectors AS v %s '
            'WHERE v.model_id = %s AND v.org_id = $2 AND v.owner_id = ANY ($3) '
            'ORDER BY v.embedding::halfvec(%3$s) <=> $1::halfvec(%3$s) LIMIT %4$s) AS n',
            CASE WHEN p_filtered THEN
                'JOIN agentry_memory.memory_entries AS e ON e.org_id = v.org_id AND e.id = v.entry_id '
                'AND agentry_memory._passes(e.expires_at, e.source_id, e.session_key, e.occurred_at, e.tags, '
                '$4, $5, $6, $7, $8, $9)' END,
            p_model_id, p_dimensions, p_limit)
        INTO v_found
        USING p_embedding, p_org_id, p_owners, p_now, p_sources, p_sessions, p_since, p_until, p_tags;
        RETURN v_found;
    END IF;
    IF p_ids IS NOT NULL THEN
        RETURN ARRAY(
            SELECT v.entry_id
            FROM agentry_memory.memory_vectors AS v
            WHERE v.org_id = p_org_id AND v.entry_id = ANY (p_ids) AND v.model_id = p_model_id
            ORDER BY v.embedding <=> p_embedding, v.entry_id
            LIMIT p_limit);
    ELSIF NOT p_filtered THEN
        RETURN ARRAY(
            SELECT v.entry_id
            FROM agentry_memory.memory_vectors AS v
            WHERE v.model_id = p_model_id AND v.org_id = p_org_id AND v.owner_id = ANY (p_owners)
            ORDER BY v.embedding <=> p_embedding, v.entry_id
            LIMIT p_limit);
    END IF;
    RETURN ARRAY(
        SELECT v.entry_id
        FROM agentry_memory.memory_vectors AS v
        JOIN agentry_memory.memory_entries AS e ON e.org_id = v.org_id AND e.id = v.entry_id
        WHERE v.model_id = p_model_id AND v.org_id = p_org_id AND v.owner_id = ANY (p_owners)
          AND agentry_memory._passes(e.expires_at, e.source_id, e.session_key, e.occurred_at, e.tags, p_now, p_sources,
                                     p_sessions, p_since, p_until, p_tags)
        ORDER BY v.embedding <=> p_embedding, v.entry_id
        LIMIT p_limit);
END;
$_nearest$;

COMMENT ON FUNCTION agentry_memory._nearest(
    integer, integer, uuid, uuid[], halfvec, integer, bigint, double precision, boolean, timestamptz, integer[],
    bigint[], timestamptz, timestamptz, text[], bigint[]) IS
    'Ids of the entries of owners whose vectors are nearest to one.';
