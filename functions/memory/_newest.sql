-- _newest(organisation, owners, limit, now, filters) -> bigint[]: ids of the newest entries that pass
CREATE OR REPLACE FUNCTION agentry_memory._newest(
    p_org_id   uuid,
    p_owners   uuid[],
    p_limit    integer,
    p_now      timestamptz,
    p_sources  integer[],
    p_sessions bigint[],
    p_since    timestamptz,
    p_until    timestamptz,
    p_tags     text[]
)
RETURNS bigint[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
AS $_newest$
BEGIN
    RETURN ARRAY(
        SELECT n.id
        FROM unnest(p_owners) AS o (owner_id)
        CROSS JOIN LATERAL (
            SELECT e.id, e.occurred_at
            FROM agentry_memory.memory_entries AS e
            WHERE e.owner_id = o.owner_id
              AND e.occurred_at >= coalesce(p_since, '-infinity')
              -- with those at infinity where there is no bound
              AND e.occurred_at <= coalesce(p_until - interval '1 microsecond', 'infinity')
              AND e.org_id = p_org_id
              AND (e.expires_at IS NULL OR e.expires_at > p_now)
              AND (p_sources IS NULL OR e.source_id = ANY (p_sources))
              AND (p_sessions IS NULL OR e.session_key = ANY (p_sessions))
              AND (p_tags IS NULL OR e.tags && p_tags)
            ORDER BY e.occurred_at DESC, e.id DESC
            LIMIT p_limit) AS n
        ORDER BY n.occurred_at DESC, n.id DESC
        LIMIT p_limit);
END;
$_newest$;

COMMENT ON FUNCTION agentry_memory._newest(
    uuid, uuid[], integer, timestamptz, integer[], bigint[], timestamptz, timestamptz, text[]) IS
    'Ids of the newest entries of owners that pass filters.';
