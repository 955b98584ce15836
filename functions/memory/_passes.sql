-- _passes(entry's columns, now, filters) -> boolean
-- Whether an entry may be recalled: it has not expired, and passes the filters, of which NULL is none.  Without a SET
-- clause, so that it becomes a part of the statements that call it.
CREATE OR REPLACE FUNCTION agentry_memory._passes(
    p_expires_at  timestamptz,
    p_source_id   integer,
    p_session_key bigint,
    p_occurred_at timestamptz,
    p_tags        text[],
    p_now         timestamptz,
    p_sources     integer[],
    p_sessions    bigint[],
    p_since       timestamptz,
    p_until       timestamptz,
    p_any_tag     text[]
)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $_passes$
    SELECT (p_expires_at IS NULL OR p_expires_at OPERATOR(pg_catalog.>) p_now)
           AND (p_sources IS NULL OR p_source_id OPERATOR(pg_catalog.=) ANY (p_sources))
           AND (p_sessions IS NULL OR coalesce(p_session_key OPERATOR(pg_catalog.=) ANY (p_sessions), false))
           AND (p_since IS NULL OR p_occurred_at OPERATOR(pg_catalog.>=) p_since)
           AND (p_until IS NULL OR p_occurred_at OPERATOR(pg_catalog.<) p_until)
           AND (p_any_tag IS NULL OR p_tags OPERATOR(pg_catalog.&&) p_any_tag)
$_passes$;

COMMENT ON FUNCTION agentry_memory._passes(
    timestamptz, integer, bigint, timestamptz, text[], timestamptz, integer[], bigint[], timestamptz, timestamptz,
    text[]) IS
    'Whether an entry may be recalled under filters.';
