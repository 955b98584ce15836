-- _check_link_end(kind, id, found, readers of it, readers, sees all): what the caller does not see is not there
-- Raises undefined_object.
CREATE OR REPLACE FUNCTION agentry_memory._check_link_end(
    p_kind       text,
    p_id         uuid,
    p_found      boolean,
    p_end_readers uuid[],
    p_readers    uuid[],
    p_sees_all   boolean
)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $_check_link_end$
BEGIN
    IF NOT (p_found AND (p_sees_all OR p_end_readers && p_readers)) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('%s %s does not exist', p_kind, coalesce(p_id::text, 'NULL')),
            HINT    = 'Both ends of a link are there, in this organisation, and to be seen.';
    END IF;
END;
$_check_link_end$;

COMMENT ON FUNCTION agentry_memory._check_link_end(text, uuid, boolean, uuid[], uuid[], boolean) IS
    'Refuses an end of a link that is not there for the caller.';
