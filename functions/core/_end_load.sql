-- _end_load(): ends what _begin_load() began: foreign keys are proved, triggers fire again
CREATE OR REPLACE FUNCTION agentry._end_load()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_end_load$
DECLARE
    v_row record;
BEGIN
    SET CONSTRAINTS ALL IMMEDIATE;
    FOR v_row IN SELECT l.after FROM pg_temp.agentry_load AS l LOOP
        EXECUTE v_row.after;
    END LOOP;
END;
$_end_load$;

COMMENT ON FUNCTION agentry._end_load() IS 'Ends what agentry._begin_load() began.';
