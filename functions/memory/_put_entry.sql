-- _put_entry(source, organisation, row, owner, session, position, ...): makes the entry of one row
-- As _entries_sql() does of many, but with a plan that is kept.
CREATE OR REPLACE FUNCTION agentry_memory._put_entry(
    p_source_id   integer,
    p_org_id      uuid,
    p_row_id      text,
    p_owner_id    uuid,
    p_session     text,
    p_position    bigint,
    p_occurred_at timestamptz,
    p_expires_at  timestamptz,
    p_importance  real,
    p_emotion     real,
    p_confidence  real,
    p_tags        text[],
    p_content     text
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_put_entry$
BEGIN
    INSERT INTO agentry_memory.memory_entries (
        org_id, source_id, row_id, owner_id, session_key, position, occurred_at, expires_at, importance, emotion,
        confidence, tags, content, length, terms, frequencies)
    SELECT p_org_id, p_source_id, p_row_id, p_owner_id,
           agentry_memory._session_key(p_source_id, p_session, o.seed), coalesce(p_position, 0),
           coalesce(p_occurred_at, now()), p_expires_at, coalesce(p_importance, 0.5), p_emotion,
           coalesce(p_confidence, 1), coalesce(p_tags, '{}'), p_content, x.length, x.terms, x.frequencies
    FROM agentry.setting_types AS d
    LEFT JOIN agentry.settings AS s ON s.org_id = p_org_id AND s.name = d.name
    CROSS JOIN LATERAL (SELECT agentry_memory._owner_seed(p_org_id, p_owner_id)) AS o (seed)
    CROSS JOIN LATERAL agentry_memory._terms(
        (coalesce(s.value, d.default_value) #>> '{}')::regconfig, o.seed, p_content, coalesce(p_tags, '{}'),
        p_source_id) AS x
    WHERE d.name = 'memory.language' AND p_owner_id IS NOT NULL AND btrim(p_content, E' \t\r\n') <> '';
END;
$_put_entry$;

COMMENT ON FUNCTION agentry_memory._put_entry(
    integer, uuid, text, uuid, text, bigint, timestamptz, timestamptz, real, real, real, text[], text) IS
    'Makes the entry of one row of a source.';
