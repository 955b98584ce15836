-- The counts and the confidence of a view are what its links say, whoever writes them.  A new view has no links yet.
CREATE OR REPLACE FUNCTION agentry_memory._cognitive_views_counts()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_cognitive_views_counts$
DECLARE
    v_written    boolean := TG_OP = 'UPDATE'
                            AND (NEW.evidence_count, NEW.counter_evidence_count, NEW.confidence) IS DISTINCT FROM
                                (OLD.evidence_count, OLD.counter_evidence_count, OLD.confidence);
    v_is         record;
    v_confidence real;
BEGIN
    IF TG_OP = 'UPDATE' AND NOT v_written
       AND (NEW.org_id, NEW.id, NEW.initial_confidence) = (OLD.org_id, OLD.id, OLD.initial_confidence) THEN
        RETURN NEW;
    END IF;
    v_is         := agentry_memory._evidence(NEW.org_id, NEW.id);
    v_confidence := agentry_memory._view_confidence(NEW.initial_confidence, v_is.weight_for, v_is.weight_against);
    IF v_written AND (NEW.evidence_count, NEW.counter_evidence_count, NEW.confidence) IS DISTINCT FROM
                     (v_is.evidence_count, v_is.counter_evidence_count, v_confidence) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'generated_always',
            MESSAGE = 'what speaks for and against a view is counted by the database',
            DETAIL  = format('View %s: for it %s, against it %s, confidence %s.', OLD.id, v_is.evidence_count,
                             v_is.counter_evidence_count, v_confidence),
            HINT    = 'agentry_memory.add_evidence() and withdraw_evidence() change it.',
            SCHEMA  = TG_TABLE_SCHEMA,
            TABLE   = TG_TABLE_NAME;
    END IF;
    NEW.evidence_count         := v_is.evidence_count;
    NEW.counter_evidence_count := v_is.counter_evidence_count;
    NEW.confidence             := v_confidence;
    RETURN NEW;
END;
$_cognitive_views_counts$;

COMMENT ON FUNCTION agentry_memory._cognitive_views_counts() IS
    'Keeps the counts and the confidence of a view as its links say.';

-- install
CREATE OR REPLACE TRIGGER cognitive_views_counts
    BEFORE INSERT OR UPDATE ON agentry_memory.cognitive_views
    FOR EACH ROW EXECUTE FUNCTION agentry_memory._cognitive_views_counts();
