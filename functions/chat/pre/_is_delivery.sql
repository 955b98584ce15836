-- _is_delivery(status, attempts, uncounted, lease_until, settled_at, dead_at) -> boolean: the CHECK of deliveries
-- A function, as PostgreSQL reads the text of every CHECK anew for each statement, and small expressions, as PL/pgSQL
-- prepares each that it comes to anew in each transaction.
CREATE OR REPLACE FUNCTION agentry_chat._is_delivery(
    p_status      text,
    p_attempts    integer,
    p_uncounted   integer,
    p_lease_until timestamptz,
    p_settled_at  timestamptz,
    p_dead_at     timestamptz
)
RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_is_delivery$
BEGIN
    IF p_status = 'pending' THEN
        RETURN num_nonnulls(p_lease_until, p_settled_at, p_dead_at) = 0 AND p_uncounted BETWEEN 0 AND p_attempts;
    END IF;
    IF p_status = 'received' THEN
        RETURN p_lease_until IS NOT NULL AND num_nonnulls(p_settled_at, p_dead_at) = 0
               AND p_attempts > 0 AND p_uncounted BETWEEN 0 AND p_attempts;
    END IF;
    IF p_status IN ('responded', 'routed') THEN
        RETURN p_settled_at IS NOT NULL AND num_nonnulls(p_lease_until, p_dead_at) = 0
               AND p_attempts > 0 AND p_uncounted BETWEEN 0 AND p_attempts;
    END IF;
    RETURN CASE
               WHEN p_status = 'failed' THEN p_settled_at IS NULL
               WHEN p_status IN ('dead', 'expired', 'withdrawn') THEN p_settled_at IS NOT NULL
               ELSE false
           END
           AND p_lease_until IS NULL
           AND (p_dead_at IS NOT NULL) = (p_status = 'dead')
           AND (p_attempts > 0 OR p_attempts = 0 AND p_status IN ('expired', 'withdrawn'))
           AND p_uncounted BETWEEN 0 AND p_attempts;
END;
$_is_delivery$;

COMMENT ON FUNCTION agentry_chat._is_delivery(text, integer, integer, timestamptz, timestamptz, timestamptz) IS
    'Whether the columns of a delivery fit together: a status that exists; settled_at where it is final; a lease while '
    'it is received; dead_at where it is dead; claims counted.';
