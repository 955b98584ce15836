-- schedule_maintenance([schedule]) -> bigint
-- Lets pg_cron call run_maintenance() [every ten minutes], as the role that asks for it; another schedule replaces the
-- one before, NULL ends it.  Returns the id of the job.
-- pg_cron lives in one database of a server.  Where that is another one, the error says what to run there.
-- Raises feature_not_supported where pg_cron is not installed in this database.
CREATE OR REPLACE FUNCTION agentry.schedule_maintenance(p_schedule text DEFAULT '*/10 * * * *')
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $schedule_maintenance$
DECLARE
    v_home   text := nullif(current_setting('cron.database_name', true), current_database());
    v_name   text := 'agentry maintenance of ' || current_database();
    v_call   text := 'CALL agentry.run_maintenance()';
    v_job_id bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_cron') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'extension pg_cron is not installed in this database',
            DETAIL  = CASE WHEN v_home IS NULL THEN 'Without it nothing here runs by itself.'
                           ELSE format('It lives in database %s.', v_home) END,
            HINT    = CASE
                WHEN v_home IS NULL THEN format('Let any scheduler run: psql -c %L.', v_call)
                WHEN p_schedule IS NULL THEN format('There, run: SELECT cron.unschedule(%L);', v_name)
                ELSE format('There, run: SELECT cron.schedule_in_database(%L, %L, %L, %L);',
                            v_name, p_schedule, v_call, current_database())
            END;
    END IF;
    IF p_schedule IS NULL THEN
        SELECT j.jobid INTO v_job_id FROM cron.job AS j WHERE j.jobname = v_name AND j.username = current_user;
        PERFORM cron.unschedule(v_job_id) WHERE v_job_id IS NOT NULL;
    ELSE
        v_job_id := cron.schedule(v_name, p_schedule, v_call);
    END IF;
    RETURN v_job_id;
END;
$schedule_maintenance$;

COMMENT ON FUNCTION agentry.schedule_maintenance(text) IS
    'Lets pg_cron run the maintenance on a cron schedule [every ten minutes] as the role that calls this; NULL ends '
    'it.  Returns the id of the job.  Raises feature_not_supported; where pg_cron lives in another database, the hint '
    'says what to run there.';
