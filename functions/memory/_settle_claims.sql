-- _settle_claims(organisation, model_id, now [, limit]) -> count
-- What was tried as often as memory.max_attempts says, and nobody holds any more, is dead; up to limit.  What somebody
-- has locked waits for the next time.
CREATE OR REPLACE FUNCTION agentry_memory._settle_claims(
    p_org_id   uuid,
    p_model_id integer,
    p_now      timestamptz,
    p_limit    bigint DEFAULT 1000
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $_settle_claims$
DECLARE
    v_rows tid[];
BEGIN
    v_rows := ARRAY(
        SELECT q.ctid
        FROM agentry_memory.embedding_queue AS q
        WHERE q.org_id = p_org_id
          AND q.model_id = p_model_id
          AND q.dead_at IS NULL
          AND (q.lease_until IS NULL OR q.lease_until <= p_now)
          AND q.attempts > q.uncounted
          AND q.attempts - q.uncounted >= (SELECT agentry._setting(p_org_id, 'memory.max_attempts')::integer)
        ORDER BY q.priority, q.entry_id
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED);
    IF v_rows <> '{}' THEN
        UPDATE agentry_memory.embedding_queue AS q
        SET status = 'dead', dead_at = p_now, lease_until = NULL, error = coalesce(q.error, 'the lease ran out')
        WHERE q.ctid = ANY (v_rows);
    END IF;
    RETURN cardinality(v_rows);
END;
$_settle_claims$;

COMMENT ON FUNCTION agentry_memory._settle_claims(uuid, integer, timestamptz, bigint) IS
    'Gives up what was tried often enough and nobody holds; returns how many.';
