-- schedule_maintenance([schedule]) -> bigint
-- Lets pg_cron call run_maintenance() [every ten minutes]; NULL ends that.  Returns the id of the job.
-- Raises feature_not_supported where pg_cron is not installed in this database.
CREATE OR REPLACE FUNCTION agentry.schedule_maintenance(p_schedule text DEFAULT '*/10 * * * *')
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $schedule_maintenance$
DECLARE
    v_job_id bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_cron') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'extension pg_cron is not installed in this database',
            HINT    = 'Let any scheduler run: psql -c ''CALL agentry.run_maintenance()''.';
    END IF;
    IF p_schedule IS NULL THEN
        SELECT j.jobid INTO v_job_id FROM cron.job AS j WHERE j.jobname = 'agentry maintenance';
        PERFORM cron.unschedule(v_job_id) WHERE v_job_id IS NOT NULL;
    ELSE
        v_job_id := cron.schedule('agentry maintenance', p_schedule, 'CALL agentry.run_maintenance()');
    END IF;
    RETURN v_job_id;
END;
$schedule_maintenance$;

COMMENT ON FUNCTION agentry.schedule_maintenance(text) IS
    'Lets pg_cron run the maintenance on a cron schedule [every ten minutes]; NULL ends it.  Returns the id of the '
    'job.  Raises feature_not_supported.';
