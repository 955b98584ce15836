-- _may_count() -> boolean
-- Whether this transaction may change document frequencies.  Above READ COMMITTED a row that somebody changed meanwhile
-- would fail it: there changes stay for the next writer, or for maintenance.
CREATE OR REPLACE FUNCTION agentry_memory._may_count()
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_may_count$
    SELECT current_setting('transaction_isolation') IN ('read committed', 'read uncommitted')
$_may_count$;

COMMENT ON FUNCTION agentry_memory._may_count() IS 'Whether this transaction may change document frequencies.';
