-- _set_images_apart(): moves the images of new entries of the audit log into agentry.audit_images and leaves their
-- digests.  Locks those entries.
CREATE OR REPLACE FUNCTION agentry._set_images_apart()
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_set_images_apart$
    WITH waiting AS MATERIALIZED (
        SELECT l.org_id, l.id, l.old_row, l.new_row
        FROM agentry.audit_log AS l
        WHERE l.position IS NULL AND (l.old_row IS NOT NULL OR l.new_row IS NOT NULL)
        FOR UPDATE
    ), apart AS (
        INSERT INTO agentry.audit_images (org_id, audit_id, old_row, new_row)
        SELECT w.org_id, w.id, w.old_row, w.new_row FROM waiting AS w
    )
    UPDATE agentry.audit_log AS l
    SET old_digest = agentry._audit_digest(w.old_row), old_row = NULL,
        new_digest = agentry._audit_digest(w.new_row), new_row = NULL
    FROM waiting AS w
    WHERE l.org_id = w.org_id AND l.id = w.id
$_set_images_apart$;

COMMENT ON FUNCTION agentry._set_images_apart() IS
    'Moves the images of new entries of the audit log into agentry.audit_images and leaves their digests.';
