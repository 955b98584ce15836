-- _forget_images(organisation, subject) -> bigint: erases the images of rows that named a subject
CREATE OR REPLACE FUNCTION agentry._forget_images(p_org_id uuid, p_subject jsonb)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_forget_images$
DECLARE
    v_done bigint;
BEGIN
    PERFORM agentry._set_images_apart();
    DELETE FROM agentry.audit_images AS i
    USING agentry.audit_log AS l
    WHERE i.org_id = p_org_id
      AND l.org_id = i.org_id
      AND l.id = i.audit_id
      AND EXISTS (
          SELECT
          FROM agentry.personal_data AS d
          WHERE d.table_name::text = l.table_name
            AND p_subject ? d.subject
            AND (p_subject ->> d.subject IN (i.old_row ->> d.column_name, i.new_row ->> d.column_name)
                 -- in an array
                 OR i.old_row -> d.column_name ? (p_subject ->> d.subject)
                 OR i.new_row -> d.column_name ? (p_subject ->> d.subject)));
    GET DIAGNOSTICS v_done = ROW_COUNT;
    RETURN v_done;
END;
$_forget_images$;

COMMENT ON FUNCTION agentry._forget_images(uuid, jsonb) IS 'Erases audit images of rows that named a subject.';
