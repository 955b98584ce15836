-- run_maintenance([force])
-- Runs every step of agentry.maintenance_steps that is due, each in a transaction of its own, and says of each what it
-- did; of a step with units, each unit.  What fails is reported and the others go on; a step that another call runs at
-- this moment is left to it.  Locks are waited for 100 ms at most.
-- A procedure that commits cannot pin its search_path by a SET clause; it does so itself, after each COMMIT.
CREATE OR REPLACE PROCEDURE agentry.run_maintenance(p_force boolean DEFAULT false)
LANGUAGE plpgsql
AS $run_maintenance$
DECLARE
    v_steps  text[];
    v_step   text;
    v_units  text[];
    v_unit   text;
    v_row    record;
    v_result text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    v_steps := ARRAY(SELECT s.name
                     FROM agentry.maintenance_steps AS s
                     WHERE p_force OR s.last_run IS NULL OR s.last_run + s.run_every <= agentry._clock()
                     ORDER BY s.name COLLATE "C");
    FOREACH v_step IN ARRAY v_steps LOOP
        v_units := NULL;
        WHILE v_units IS NULL OR v_units <> '{}' LOOP
            COMMIT;
            -- a step sees what others commit meanwhile, and never makes a serialisable transaction fail
            SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
            PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
            PERFORM set_config('lock_timeout', '100ms', true);
            IF NOT pg_try_advisory_xact_lock(hashtextextended('agentry.maintenance.' || v_step, 0)) THEN
                RAISE NOTICE USING MESSAGE = format('%s: runs already', v_step);
                EXIT;
            END IF;
            v_unit := v_units[1];
            BEGIN
                SELECT s.call, s.units
                INTO v_row
                FROM agentry.maintenance_steps AS s
                WHERE s.name = v_step
                  -- not when another call has just done it
                  AND (p_force OR v_unit IS NOT NULL OR s.last_run IS NULL
                       OR s.last_run + s.run_every <= agentry._clock());
                EXIT WHEN NOT FOUND;
                IF v_units IS NULL AND v_row.units IS NOT NULL THEN
                    EXECUTE format('SELECT ARRAY(%s)', v_row.units) INTO v_units;
                    UPDATE agentry.maintenance_steps AS s SET last_run = agentry._clock() WHERE s.name = v_step;
                    RAISE NOTICE USING MESSAGE = format('%s: %s to do', v_step, cardinality(v_units));
                    CONTINUE;
                END IF;
                v_units := coalesce(v_units[2:], '{}');
                EXECUTE v_row.call INTO v_result USING v_unit;
                UPDATE agentry.maintenance_steps AS s SET last_run = agentry._clock() WHERE s.name = v_step;
                RAISE NOTICE USING MESSAGE = concat_ws(': ', v_step, v_unit, coalesce(v_result, 'done'));
            EXCEPTION
                WHEN OTHERS THEN
                    v_units := coalesce(v_units, '{}');
                    RAISE WARNING USING
                        ERRCODE = SQLSTATE,
                        MESSAGE = concat_ws(': ', v_step, v_unit, SQLERRM),
                        HINT    = 'The others went on; this one is tried again next time.';
            END;
        END LOOP;
    END LOOP;
    COMMIT;
END;
$run_maintenance$;

COMMENT ON PROCEDURE agentry.run_maintenance(boolean) IS
    'Runs the maintenance that is due (all of it with p_force), a transaction a step or unit of a step, such as a '
    'table, with a notice for each.  Safe to run twice at once.  CALL it outside a transaction, as an administrator.';
