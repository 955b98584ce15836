-- A partition is written through its table only: statement triggers fire for the table that a statement names.
CREATE OR REPLACE FUNCTION agentry._refuse_partition()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_refuse_partition$
BEGIN
    IF agentry._is_erasing() THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        MESSAGE = format('%s is a partition, which is not written directly', TG_TABLE_NAME),
        DETAIL  = format('%s on %s.%s', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME),
        HINT    = format('Write to %s.', (SELECT i.inhparent::regclass FROM pg_inherits AS i WHERE i.inhrelid = TG_RELID));
END;
$_refuse_partition$;

COMMENT ON FUNCTION agentry._refuse_partition() IS 'Refuses direct writes of a partition; set by the partition engine.';
