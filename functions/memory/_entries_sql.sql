-- _entries_sql(rows, renew) -> text
-- The statement that makes the entries of rows, which is a query with the columns of memory_sources.query; $1: id of
-- the source.  What belongs to nobody or has no text makes none.  renew: an entry that is there is changed where it is
-- not as it should be.  A text, as the tables of changed rows are seen by a trigger's own function alone.
CREATE OR REPLACE FUNCTION agentry_memory._entries_sql(p_rows text, p_renew boolean)
RETURNS text
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_entries_sql$
    SELECT format($query$
        WITH languages AS MATERIALIZED (
            SELECT o.id AS org_id, (coalesce(s.value, d.default_value) #>> '{}')::regconfig AS language
            FROM agentry.organizations AS o
            JOIN agentry.setting_types AS d ON d.name = 'memory.language'
            LEFT JOIN agentry.settings AS s ON s.org_id = o.id AND s.name = d.name
        )
        INSERT INTO agentry_memory.memory_entries AS e (org_id, source_id, row_id, %1$s)
        SELECT r.org_id, $1::integer, r.row_id, r.owner_id, agentry_memory._session_key($1, r.session, o.seed),
               coalesce(r.position, 0), coalesce(r.occurred_at, now()), r.expires_at, coalesce(r.importance, 0.5),
               r.emotion, coalesce(r.confidence, 1), coalesce(r.tags, '{}'), r.content, x.length, x.terms, x.frequencies
        FROM (%2$s) AS r
        JOIN languages AS l ON l.org_id = r.org_id
        CROSS JOIN LATERAL (SELECT agentry_memory._owner_seed(r.org_id, r.owner_id)) AS o (seed)
        CROSS JOIN LATERAL agentry_memory._terms(
            l.language, o.seed, r.content, coalesce(r.tags, '{}'), $1) AS x
        WHERE r.owner_id IS NOT NULL AND btrim(r.content, E' \t\r\n') <> ''$query$,
        string_agg(c.name, ', ' ORDER BY c.n), p_rows)
        || CASE WHEN p_renew THEN format(
               ' ON CONFLICT (org_id, source_id, row_id) DO UPDATE SET (%1$s) = ROW (%2$s) '
               'WHERE (%3$s) IS DISTINCT FROM (%2$s)',
               string_agg(c.name, ', ' ORDER BY c.n),
               string_agg('excluded.' || c.name, ', ' ORDER BY c.n),
               string_agg('e.' || c.name, ', ' ORDER BY c.n)) ELSE '' END
    FROM unnest('{owner_id,session_key,position,occurred_at,expires_at,importance,emotion,confidence,tags,content,
                  length,terms,frequencies}'::text[]) WITH ORDINALITY AS c (name, n)
$_entries_sql$;

COMMENT ON FUNCTION agentry_memory._entries_sql(text, boolean) IS
    'The statement that makes or renews the entries of rows of a source.';
