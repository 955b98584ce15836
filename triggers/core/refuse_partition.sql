-- A partition is written through its table only: statement triggers fire for the table that a statement names, and
-- TRUNCATE triggers are not inherited.  A month that was retired is no longer written at all.
CREATE OR REPLACE FUNCTION agentry._refuse_partition()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_refuse_partition$
DECLARE
    v_parent regclass := (SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = TG_RELID);
BEGIN
    IF agentry._is_erasing()
       -- TRUNCATE of the table comes here too, holding the table
       OR TG_OP = 'TRUNCATE' AND EXISTS (
           SELECT
           FROM pg_locks AS l
           WHERE l.pid = pg_backend_pid() AND l.relation = v_parent AND l.mode = 'AccessExclusiveLock' AND l.granted)
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        MESSAGE = format(CASE WHEN v_parent IS NULL THEN '%s is a retired month, which is not written'
                              ELSE '%s is a partition, which is not written directly' END, TG_TABLE_NAME),
        DETAIL  = format('%s on %s.%s', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME),
        HINT    = coalesce(format('Write to %s.', v_parent),
                           'To take it for a table of your own: DROP TRIGGER agentry_00_partition.');
END;
$_refuse_partition$;

COMMENT ON FUNCTION agentry._refuse_partition() IS 'Refuses direct writes of a partition; set by the partition engine.';
