-- A locked row stays as it is.  The one change that it accepts is locked = false, and nothing else with it.
CREATE OR REPLACE FUNCTION agentry._refuse_locked()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
-- rows that differ look different, and a policy that hides a locked row from TRUNCATE is an error
SET extra_float_digits = 1
SET row_security = off
AS $_refuse_locked$
DECLARE
    v_old    jsonb;
    -- a month of a partitioned table goes by the name of the table
    v_table  name := (SELECT c.relname FROM pg_class AS c
                      WHERE c.oid = coalesce(pg_partition_root(TG_RELID), TG_RELID));
    v_beside text[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        EXECUTE format('SELECT to_jsonb(t) FROM %I.%I AS t WHERE t.locked LIMIT 1', TG_TABLE_SCHEMA, TG_TABLE_NAME)
        INTO v_old;
        IF v_old IS NULL THEN
            RETURN NULL;
        END IF;
    ELSE
        IF NOT OLD.locked OR agentry._is_erasing() THEN
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END IF;
        v_old := to_jsonb(OLD);
        IF TG_OP = 'UPDATE' THEN
            -- generated columns are not made yet
            v_beside := ARRAY(SELECT a.attname::text
                              FROM pg_attribute AS a
                              WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND a.attgenerated <> '') || '{updated_at}';
            IF (v_old || '{"locked": false}') - v_beside = to_jsonb(NEW) - v_beside THEN
                RETURN NEW;
            END IF;
        END IF;
    END IF;

    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('%s %s is locked',
                         initcap(replace(regexp_replace(regexp_replace(v_table, 'ies$', 'y'), 's$', ''), '_', ' ')),
                         coalesce(v_old ->> 'name', v_old ->> 'title', v_old ->> 'id', '')),
        DETAIL  = format('%s on %s.%s', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME),
        HINT    = 'Set locked = FALSE first, in a statement that changes nothing else.',
        SCHEMA  = TG_TABLE_SCHEMA,
        TABLE   = TG_TABLE_NAME;
END;
$_refuse_locked$;

COMMENT ON FUNCTION agentry._refuse_locked() IS
    'Refuses changes of locked rows; set by guard_table() on tables with a column locked.';
