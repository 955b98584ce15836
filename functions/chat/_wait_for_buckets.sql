-- _wait_for_buckets(class, buckets, release) -> boolean
-- Waits for the locks of the buckets, a quarter of a second at most, which is below deadlock_timeout.  For a sender
-- they stay until its transaction ends; a claim only waits (release) and gives them back.  False where the time was not
-- enough, or deadlock_timeout is below it: then somebody sits on a lock, and the caller does without.
CREATE OR REPLACE FUNCTION agentry_chat._wait_for_buckets(p_class integer, p_buckets integer[], p_release boolean)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '250ms'
AS $_wait_for_buckets$
DECLARE
    v_reached boolean := false;
BEGIN
    IF p_class = 1 AND NOT p_release THEN
        PERFORM pg_advisory_xact_lock_shared(agentry_chat._wake_class(1), b) FROM unnest(p_buckets) AS b;
    ELSE
        PERFORM pg_advisory_xact_lock(agentry_chat._wake_class(p_class), b) FROM unnest(p_buckets) AS b;
    END IF;
    v_reached := true;
    IF p_release THEN
        -- locks of a transaction go with the block that took them
        RAISE EXCEPTION USING ERRCODE = 'lock_not_available', MESSAGE = 'reached';
    END IF;
    RETURN v_reached;
EXCEPTION
    WHEN lock_not_available OR deadlock_detected THEN
        RETURN v_reached;
END;
$_wait_for_buckets$;

COMMENT ON FUNCTION agentry_chat._wait_for_buckets(integer, integer[], boolean) IS
    'Waits for the advisory locks of wake-ups, 250 ms at most; false where that was not enough.';
