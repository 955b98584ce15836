-- _evidence(organisation, view) -> evidence_count, counter_evidence_count, weight_for, weight_against, first_at
-- What speaks for and against a view, and when the first that speaks for it was recorded.
CREATE OR REPLACE FUNCTION agentry_memory._evidence(
    p_org_id                   uuid,
    p_view_id                  uuid,
    OUT evidence_count         integer,
    OUT counter_evidence_count integer,
    OUT weight_for             numeric,
    OUT weight_against         numeric,
    OUT first_at               timestamptz
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_evidence$
    SELECT count(*) FILTER (WHERE l.relation = 'supports'), count(*) FILTER (WHERE l.relation = 'contradicts'),
           coalesce(sum(l.weight::numeric) FILTER (WHERE l.relation = 'supports'), 0),
           coalesce(sum(l.weight::numeric) FILTER (WHERE l.relation = 'contradicts'), 0),
           min(l.created_at) FILTER (WHERE l.relation = 'supports')
    FROM agentry_memory.memory_links AS l
    WHERE l.org_id = p_org_id
      AND l.to_id = p_view_id
      AND l.to_kind = 'view'
      AND l.relation IN ('supports', 'contradicts')
$_evidence$;

COMMENT ON FUNCTION agentry_memory._evidence(uuid, uuid) IS 'What speaks for and against a view.';
