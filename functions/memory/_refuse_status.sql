-- _refuse_status(view, status, hint): the error for a view whose status does not let that be done
-- Raises object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_memory._refuse_status(p_view uuid, p_status text, p_hint text)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_status$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('view %s is %s', p_view, p_status),
        HINT    = p_hint;
END;
$_refuse_status$;

COMMENT ON FUNCTION agentry_memory._refuse_status(uuid, text, text) IS
    'Raises the error for a view whose status does not let that be done.';
