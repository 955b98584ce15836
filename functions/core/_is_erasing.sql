-- _is_erasing() -> boolean
-- Whether this transaction goes the one way past locks and immutability: an erasure or retention that is on record.
-- Only the owner's functions can put it there, and it ends with them.
CREATE OR REPLACE FUNCTION agentry._is_erasing()
RETURNS boolean
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_is_erasing$
    SELECT EXISTS (SELECT
                   FROM agentry.erasures AS e
                   WHERE e.transaction = pg_current_xact_id_if_assigned() AND e.finished_at IS NULL)
$_is_erasing$;

COMMENT ON FUNCTION agentry._is_erasing() IS
    'Whether an erasure or retention that is on record runs in this transaction.';
