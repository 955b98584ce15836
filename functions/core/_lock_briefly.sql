-- _lock_briefly(tables [, command]): runs a command, if any, then locks tables against all others, without making
-- anybody wait long: it gives up after 20 ms for each lock of the command and for the first table, and 5 ms for each
-- other one, lets go of all and tries again.
-- Raises lock_not_available after 100 tries.
CREATE OR REPLACE FUNCTION agentry._lock_briefly(p_tables text[], p_command text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '20ms'
AS $_lock_briefly$
DECLARE
    v_table text;
BEGIN
    FOR v_try IN 1..100 LOOP
        BEGIN
            IF p_command IS NOT NULL THEN
                EXECUTE p_command;
            END IF;
            FOREACH v_table IN ARRAY p_tables LOOP
                EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', v_table);
                PERFORM set_config('lock_timeout', '5ms', true);
            END LOOP;
            RETURN;
        EXCEPTION
            -- which sets lock_timeout back, too
            WHEN lock_not_available THEN
                IF v_try = 100 THEN
                    RAISE;
                END IF;
        END;
        PERFORM pg_sleep(0.05);
    END LOOP;
END;
$_lock_briefly$;

COMMENT ON FUNCTION agentry._lock_briefly(text[], text) IS
    'Locks tables against all others, in short tries, so that nobody waits long behind it.';
