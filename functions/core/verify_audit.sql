-- verify_audit([organisation]) -> sealed, unsealed, broken_id, reason
-- Follows the chain of an organisation from its start and compares the images that are still there with the log.  Names
-- the first entry that is not right; NULL where all is.  For administrators.  Reads only.
CREATE OR REPLACE FUNCTION agentry.verify_audit(
    p_org_id      uuid DEFAULT NULL,
    OUT sealed    bigint,
    OUT unsealed  bigint,
    OUT broken_id bigint,
    OUT reason    text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET bytea_output = 'hex'
AS $verify_audit$
DECLARE
    v_org_id uuid := coalesce(p_org_id, agentry.current_org_id());
    v_hash   bytea;
    v_row    record;
BEGIN
    SELECT count(*) INTO unsealed FROM agentry.audit_log AS l WHERE l.org_id = v_org_id AND l.position IS NULL;
    sealed := 0;
    FOR v_row IN
        SELECT l.id, l.position, l.hash, agentry._audit_entry(to_jsonb(l)) AS entry, l.old_digest, l.new_digest,
               agentry._audit_digest(i.old_row) AS old_image, agentry._audit_digest(i.new_row) AS new_image
        FROM agentry.audit_log AS l
        LEFT JOIN agentry.audit_images AS i ON i.org_id = l.org_id AND i.audit_id = l.id
        WHERE l.org_id = v_org_id
        ORDER BY l.position NULLS LAST, l.id
    LOOP
        IF v_row.position IS NOT NULL THEN
            sealed := sealed + 1;
            v_hash := agentry._audit_hash(v_hash, v_row.entry);
        END IF;
        reason := CASE
            WHEN v_row.position <> sealed THEN format('entry at position %s is missing', sealed)
            WHEN v_row.position IS NOT NULL AND v_row.hash <> v_hash THEN 'the entry is not what was sealed'
            WHEN v_row.old_image IS DISTINCT FROM v_row.old_digest AND v_row.old_image IS NOT NULL
                 OR v_row.new_image IS DISTINCT FROM v_row.new_digest AND v_row.new_image IS NOT NULL
                THEN 'the image is not that of the entry'
        END;
        IF reason IS NOT NULL THEN
            broken_id := v_row.id;
            RETURN;
        END IF;
    END LOOP;
    -- an entry after the last sealed one is missed by its image only
    SELECT i.audit_id, 'the entry is missing, its image is there'
    INTO broken_id, reason
    FROM agentry.audit_images AS i
    WHERE i.org_id = v_org_id
      AND NOT EXISTS (SELECT FROM agentry.audit_log AS l WHERE l.org_id = i.org_id AND l.id = i.audit_id)
    ORDER BY i.audit_id
    LIMIT 1;
END;
$verify_audit$;

COMMENT ON FUNCTION agentry.verify_audit(uuid) IS
    'Checks the audit chain of an organisation [the caller''s]: how many entries are sealed and not yet sealed, the '
    'first entry that is not right and why (NULL: none).  Erased images are no fault.  For administrators.';
