-- A locked row stays as it is.  The one change that it accepts is locked = false, and nothing else with it.
CREATE OR REPLACE FUNCTION agentry._refuse_locked()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_refuse_locked$
DECLARE
    v_old jsonb;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        EXECUTE format('SELECT to_jsonb(t) FROM %I.%I AS t WHERE t.locked LIMIT 1', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO v_old;
        IF v_old IS NULL THEN
            RETURN NULL;
        END IF;
    ELSE
        v_old := to_jsonb(OLD);
        IF NOT OLD.locked OR agentry._is_erasing()
           OR TG_OP = 'UPDATE' AND (v_old || '{"locked": false}') - 'updated_at' = to_jsonb(NEW) - 'updated_at' THEN
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END IF;
    END IF;

    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('%s %s is locked',
                         initcap(replace(regexp_replace(TG_TABLE_NAME, 's$', ''), '_', ' ')),
                         coalesce(v_old ->> 'name', v_old ->> 'title', v_old ->> 'id', '')),
        DETAIL  = format('%s on %s.%s', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME),
        HINT    = 'Set locked = FALSE first, in a statement that changes nothing else.',
        SCHEMA  = TG_TABLE_SCHEMA,
        TABLE   = TG_TABLE_NAME;
END;
$_refuse_locked$;

COMMENT ON FUNCTION agentry._refuse_locked() IS 'Refuses changes of locked rows; set by guard_table() on tables with a column locked.';
