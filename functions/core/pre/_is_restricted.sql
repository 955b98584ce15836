-- _is_restricted() -> boolean
-- Whether this runs inside an operation that PostgreSQL restricts because it calls code of a table's owner on behalf of
-- somebody else: ANALYZE (autovacuum's too), CREATE INDEX, REINDEX, REFRESH MATERIALIZED VIEW.  There the session says
-- nothing about who wrote the code, so nobody is anybody.  UNLISTEN of a channel that nobody uses does nothing but to
-- raise insufficient_privilege there.
CREATE OR REPLACE FUNCTION agentry._is_restricted()
RETURNS boolean
LANGUAGE plpgsql
VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $_is_restricted$
BEGIN
    UNLISTEN agentry_probe;
    RETURN false;
EXCEPTION
    WHEN insufficient_privilege THEN
        RETURN true;
END;
$_is_restricted$;

COMMENT ON FUNCTION agentry._is_restricted() IS
    'Whether this runs inside ANALYZE, an index build or a refresh, where the session does not tell whose code runs.';
