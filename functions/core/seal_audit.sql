-- seal_audit() -> bigint
-- Chains the entries of the audit log that are not chained yet, per organisation, in the order of their transactions,
-- up to the oldest one that still runs.  Returns how many.  A second call at the same time seals nothing.  For
-- administrators and maintenance.
CREATE OR REPLACE FUNCTION agentry.seal_audit()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET bytea_output = 'hex'
AS $seal_audit$
DECLARE
    v_sealed    bigint := 0;
    -- those below have ended, so that their entries are seen from here on
    v_below     xid8   := pg_snapshot_xmin(pg_current_snapshot());
    v_org_id    uuid;
    v_row       record;
    v_hash      bytea;
    v_position  bigint;
    v_ids       bigint[];
    v_positions bigint[];
    v_hashes    bytea[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('agentry.seal_audit', 0)) THEN
        RETURN 0;
    END IF;
    PERFORM agentry._set_images_apart();
    FOR v_org_id IN SELECT DISTINCT l.org_id FROM agentry.audit_log AS l WHERE l.position IS NULL LOOP
        v_ids       := '{}';
        v_positions := '{}';
        v_hashes    := '{}';
        v_position  := 0;
        v_hash      := NULL;
        SELECT l.position, l.hash
        INTO v_position, v_hash
        FROM agentry.audit_log AS l
        WHERE l.org_id = v_org_id AND l.position IS NOT NULL
        ORDER BY l.position DESC
        LIMIT 1;
        v_position := coalesce(v_position, 0);
        FOR v_row IN
            SELECT l.id, agentry._audit_entry(to_jsonb(l)) AS entry
            FROM agentry.audit_log AS l
            WHERE l.org_id = v_org_id
              AND l.position IS NULL
              AND l.old_row IS NULL
              AND l.new_row IS NULL
              -- above the snapshot: a restored entry of another server, long finished
              AND (l.transaction < v_below
                   OR l.transaction >= pg_snapshot_xmax(pg_current_snapshot())
                   AND l.transaction IS DISTINCT FROM pg_current_xact_id_if_assigned())
            ORDER BY l.transaction, l.id
        LOOP
            v_position  := v_position + 1;
            v_hash      := agentry._audit_hash(v_hash, v_row.entry);
            v_ids       := v_ids || v_row.id;
            v_positions := v_positions || v_position;
            v_hashes    := v_hashes || v_hash;
        END LOOP;
        UPDATE agentry.audit_log AS l
        SET position = n.position, hash = n.hash
        FROM unnest(v_ids, v_positions, v_hashes) AS n (id, position, hash)
        WHERE l.org_id = v_org_id AND l.id = n.id;
        v_sealed := v_sealed + cardinality(v_ids);
    END LOOP;
    RETURN v_sealed;
END;
$seal_audit$;

COMMENT ON FUNCTION agentry.seal_audit() IS
    'Chains new entries of the audit log by SHA-256, one chain an organisation, up to the oldest running transaction; '
    'returns how many.  For administrators and maintenance.';
