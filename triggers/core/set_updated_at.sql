-- updated_at is the time of the change, whatever the statement says.
CREATE OR REPLACE FUNCTION agentry._set_updated_at()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_set_updated_at$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END;
$_set_updated_at$;

COMMENT ON FUNCTION agentry._set_updated_at() IS 'Keeps updated_at; set by guard_table().';
