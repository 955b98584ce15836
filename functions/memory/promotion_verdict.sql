-- promotion_verdict(view [, now]) -> verdict, reasons, status, confidence, age, validations, evidence, ...
-- Whether a view that the caller sees may be taken for true: promote, wait or reject, and what is against it.
-- Raises undefined_object and what _caller() raises.
CREATE OR REPLACE FUNCTION agentry_memory.promotion_verdict(
    p_view                uuid,
    p_now                 timestamptz DEFAULT pg_catalog.now(),
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
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $promotion_verdict$
DECLARE
    v_me record := agentry_memory._reading_as(NULL);
BEGIN
    IF NOT EXISTS (SELECT
                   FROM agentry_memory.cognitive_views AS v
                   WHERE v.org_id = v_me.org_id
                     AND v.id = p_view
                     AND (v_me.sees_all OR v.readers && v_me.readers)) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('view %s does not exist', coalesce(p_view::text, 'NULL')),
            HINT    = 'Views stand in agentry_memory.v_cognitive_views, as far as you may read them.';
    END IF;
    SELECT p.verdict, p.reasons, p.status, p.confidence, p.age, p.validations, p.evidence, p.counter_evidence,
           p.counter_ratio, p.conflicts
    INTO verdict, reasons, status, confidence, age, validations, evidence, counter_evidence, counter_ratio, conflicts
    FROM agentry_memory._promotion_verdict(v_me.org_id, p_view, coalesce(p_now, now())) AS p;
END;
$promotion_verdict$;

COMMENT ON FUNCTION agentry_memory.promotion_verdict(uuid, timestamptz) IS
    'Whether a view may be taken for true.  promote: it is active, its confidence is above 0.85, its first evidence is '
    '30 days old or more, it was validated 3 times or more, its counter-evidence is less than 0.15 of its evidence, '
    'and no view or concept that is in force contradicts it.  reject: its counter-evidence is more than 0.30 of its '
    'evidence.  wait: neither.  reasons: what is against it.  counter_ratio: NULL where there is no evidence.  Raises '
    'undefined_object.';
