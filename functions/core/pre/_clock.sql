-- _clock() -> timestamptz
-- The clock of leases, logins, expiry and audit.  No client can set it; tests replace this function, which only the
-- owner may.
CREATE OR REPLACE FUNCTION agentry._clock()
RETURNS timestamptz
LANGUAGE sql
VOLATILE PARALLEL SAFE
AS $_clock$
    SELECT pg_catalog.clock_timestamp()
$_clock$;

COMMENT ON FUNCTION agentry._clock() IS 'The clock of leases, logins, expiry and audit; tests replace it.';
