-- _count_evidence(organisation, views): counts what speaks for and against views anew
-- Locks them in the order of their ids: of several that write evidence of one view each waits for the one before, and
-- then counts what that one wrote too.
CREATE OR REPLACE FUNCTION agentry_memory._count_evidence(p_org_id uuid, p_view_ids uuid[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_count_evidence$
BEGIN
    PERFORM FROM agentry_memory.cognitive_views AS v
    WHERE v.org_id = p_org_id AND v.id = ANY (p_view_ids)
    ORDER BY v.id
    FOR NO KEY UPDATE;
    UPDATE agentry_memory.cognitive_views AS v
    SET evidence_count = n.evidence_count, counter_evidence_count = n.counter_evidence_count,
        confidence = n.confidence
    FROM (SELECT c.id, e.evidence_count, e.counter_evidence_count,
                 agentry_memory._view_confidence(c.initial_confidence, e.weight_for, e.weight_against)::real
                     AS confidence
          FROM agentry_memory.cognitive_views AS c
          CROSS JOIN LATERAL agentry_memory._evidence(c.org_id, c.id) AS e
          WHERE c.org_id = p_org_id AND c.id = ANY (p_view_ids)) AS n
    WHERE v.org_id = p_org_id
      AND v.id = n.id
      AND (v.evidence_count, v.counter_evidence_count, v.confidence)
          <> (n.evidence_count, n.counter_evidence_count, n.confidence);
END;
$_count_evidence$;

COMMENT ON FUNCTION agentry_memory._count_evidence(uuid, uuid[]) IS
    'Counts what speaks for and against views anew; for the triggers of memory_links.';
