-- _promotion_verdict(organisation, view, now) -> verdict, reasons, status, confidence, age, ...
-- Whether a view may be taken for true.  The counter-evidence is compared, never divided by evidence that may be none.
CREATE OR REPLACE FUNCTION agentry_memory._promotion_verdict(
    p_org_id              uuid,
    p_view_id             uuid,
    p_now                 timestamptz,
    OUT verdict           text,
    OUT reasons           text[],
    OUT status            text,
    OUT confidence        real,
    OUT age               interval,
    OUT validations       integer,
    OUT evidence          integer,
    OUT counter_evidence  integer,
    OUT counter_ratio     real,
    OUT conflicts         integer
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_promotion_verdict$
DECLARE
    v_view       record;
    v_confidence numeric;
    v_ratio      numeric;
BEGIN
    SELECT CASE WHEN v.status = 'active' AND v.expires_at <= p_now THEN 'expired' ELSE v.status END AS status,
           v.initial_confidence, v.validation_count, e.evidence_count, e.counter_evidence_count, e.weight_for,
           e.weight_against, p_now - e.first_at AS age
    INTO v_view
    FROM agentry_memory.cognitive_views AS v
    CROSS JOIN LATERAL agentry_memory._evidence(v.org_id, v.id) AS e
    WHERE v.org_id = p_org_id AND v.id = p_view_id;
    SELECT count(*)
    INTO conflicts
    FROM (SELECT l.from_kind AS kind, l.from_id AS id
          FROM agentry_memory.memory_links AS l
          WHERE l.org_id = p_org_id AND l.to_kind = 'view' AND l.to_id = p_view_id AND l.relation = 'contradicts'
          UNION
          SELECT l.to_kind, l.to_id
          FROM agentry_memory.memory_links AS l
          WHERE l.org_id = p_org_id AND l.from_kind = 'view' AND l.from_id = p_view_id
            AND l.relation = 'contradicts') AS o
    WHERE CASE o.kind
              WHEN 'view' THEN EXISTS (
                  SELECT
                  FROM agentry_memory.cognitive_views AS v
                  LEFT JOIN agentry_memory.stable_concepts AS c
                      ON c.org_id = v.org_id AND c.id = v.promoted_to AND NOT c.is_deprecated
                  WHERE v.org_id = p_org_id AND v.id = o.id
                    AND (v.status = 'active' AND v.expires_at > p_now OR c.id IS NOT NULL))
              WHEN 'concept' THEN EXISTS (
                  SELECT
                  FROM agentry_memory.stable_concepts AS c
                  WHERE c.org_id = p_org_id AND c.id = o.id AND NOT c.is_deprecated)
              ELSE false
          END;

    v_confidence := agentry_memory._view_confidence(
        v_view.initial_confidence, v_view.weight_for, v_view.weight_against);
    v_ratio := trim_scale(round(v_view.weight_against / nullif(v_view.weight_for, 0), 3));
    reasons := array_remove(ARRAY[
        CASE WHEN v_view.status <> 'active' THEN format('it is %s', v_view.status) END,
        CASE WHEN v_view.weight_for = 0 THEN 'it has no evidence' END,
        CASE WHEN v_confidence <= 0.85 THEN
            format('confidence %s is not above 0.85', trim_scale(round(v_confidence, 3))) END,
        CASE WHEN v_view.age < interval '30 days' THEN
            format('the first evidence is %s days old, not 30', floor(extract(epoch FROM v_view.age) / 86400)) END,
        CASE WHEN v_view.validation_count < 3 THEN format('%s of 3 validations', v_view.validation_count) END,
        CASE
            WHEN v_view.weight_against = 0 THEN NULL
            WHEN v_view.weight_for = 0 THEN 'there is nothing but counter-evidence'
            WHEN v_view.weight_against > 0.30 * v_view.weight_for THEN
                format('counter-evidence is %s of the evidence, above 0.3', v_ratio)
            WHEN v_view.weight_against >= 0.15 * v_view.weight_for THEN
                format('counter-evidence is %s of the evidence, not below 0.15', v_ratio)
        END,
        CASE WHEN conflicts > 0 THEN format('others that are in force contradict it: %s', conflicts) END], NULL);
    verdict := CASE
        WHEN reasons = '{}' THEN 'promote'
        WHEN v_view.status = 'active' AND v_view.weight_against > 0.30 * v_view.weight_for THEN 'reject'
        ELSE 'wait'
    END;
    status           := v_view.status;
    confidence       := v_confidence;
    age              := v_view.age;
    validations      := v_view.validation_count;
    evidence         := v_view.evidence_count;
    counter_evidence := v_view.counter_evidence_count;
    counter_ratio    := v_ratio;
END;
$_promotion_verdict$;

COMMENT ON FUNCTION agentry_memory._promotion_verdict(uuid, uuid, timestamptz) IS
    'Whether a view may be taken for true, with the reasons against it.';
