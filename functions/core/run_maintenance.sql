-- run_maintenance([force])
-- Runs every step of agentry.maintenance_steps that is due, each in a transaction of its own, and says of each what it
-- did.  A step that fails is reported and the others go on; one that another call runs at this moment is left to it.
-- Locks are waited for 100 ms at most.
-- A procedure that commits cannot pin its search_path by a SET clause; it does so itself, after each COMMIT.
CREATE OR REPLACE PROCEDURE agentry.run_maintenance(p_force boolean DEFAULT false)
LANGUAGE plpgsql
AS $run_maintenance$
DECLARE
    v_steps  text[];
    v_step   text;
    v_call   text;
    v_result text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    v_steps := ARRAY(SELECT s.name
                     FROM agentry.maintenance_steps AS s
                     WHERE p_force OR s.last_run IS NULL OR s.last_run + s.run_every <= agentry._clock()
                     ORDER BY s.name COLLATE "C");
    FOREACH v_step IN ARRAY v_steps LOOP
        COMMIT;
        -- a step sees what others commit meanwhile, and never makes a serialisable transaction fail
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        PERFORM set_config('lock_timeout', '100ms', true);
        IF NOT pg_try_advisory_xact_lock(hashtextextended('agentry.maintenance.' || v_step, 0)) THEN
            RAISE NOTICE USING MESSAGE = format('%s: runs already', v_step);
            CONTINUE;
        END IF;
        BEGIN
            SELECT s.call
            INTO v_call
            FROM agentry.maintenance_steps AS s
            WHERE s.name = v_step
              -- not when another call has just done it
              AND (p_force OR s.last_run IS NULL OR s.last_run + s.run_every <= agentry._clock());
            CONTINUE WHEN v_call IS NULL;
            EXECUTE v_call INTO v_result;
            UPDATE agentry.maintenance_steps AS s SET last_run = agentry._clock() WHERE s.name = v_step;
            RAISE NOTICE USING MESSAGE = format('%s: %s', v_step, coalesce(v_result, 'done'));
        EXCEPTION
            WHEN OTHERS THEN
                RAISE WARNING USING
                    ERRCODE = SQLSTATE,
                    MESSAGE = format('%s: %s', v_step, SQLERRM),
                    HINT    = 'The other steps went on; this one is tried again next time.';
        END;
    END LOOP;
    COMMIT;
END;
$run_maintenance$;

COMMENT ON PROCEDURE agentry.run_maintenance(boolean) IS
    'Runs the maintenance that is due (all of it with p_force), a transaction a step, with a notice for each.  Safe '
    'to run twice at once.  CALL it outside a transaction, as an administrator.';
