-- The audit log is written once.  Sealing sets the images apart, leaving their digests, and fills in place and hash,
-- once; erasure takes images away; nothing else changes, for anyone.
CREATE OR REPLACE FUNCTION agentry._audit_immutable()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_audit_immutable$
DECLARE
    v_sealed text[] := '{old_row,new_row,old_digest,new_digest,position,hash}';
    v_old    jsonb;
    v_new    jsonb;
BEGIN
    IF TG_OP <> 'TRUNCATE' AND agentry._is_erasing() THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_log' THEN
        -- as jsonb, for the images have other columns
        v_old := to_jsonb(OLD);
        v_new := to_jsonb(NEW);
        IF v_old ->> 'position' IS NULL
           AND v_new ->> 'old_row' IS NULL
           AND v_new ->> 'new_row' IS NULL
           AND v_new ->> 'old_digest' IS NOT DISTINCT FROM coalesce(
               v_old ->> 'old_digest', agentry._audit_digest(nullif(v_old -> 'old_row', 'null'))::text)
           AND v_new ->> 'new_digest' IS NOT DISTINCT FROM coalesce(
               v_old ->> 'new_digest', agentry._audit_digest(nullif(v_old -> 'new_row', 'null'))::text)
           AND v_old - v_sealed = v_new - v_sealed THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        MESSAGE = 'the audit log never changes',
        DETAIL  = format('%s on %s.%s', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME),
        HINT    = 'Images go with agentry.forget(), old entries by retention.';
END;
$_audit_immutable$;

COMMENT ON FUNCTION agentry._audit_immutable() IS 'Refuses changes of the audit log and its images.';

-- install
CREATE OR REPLACE TRIGGER audit_log_immutable
    BEFORE UPDATE OR DELETE ON agentry.audit_log
    FOR EACH ROW EXECUTE FUNCTION agentry._audit_immutable();
CREATE OR REPLACE TRIGGER audit_log_immutable_truncate
    BEFORE TRUNCATE ON agentry.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION agentry._audit_immutable();
CREATE OR REPLACE TRIGGER audit_images_immutable
    BEFORE UPDATE OR DELETE ON agentry.audit_images
    FOR EACH ROW EXECUTE FUNCTION agentry._audit_immutable();
CREATE OR REPLACE TRIGGER audit_images_immutable_truncate
    BEFORE TRUNCATE ON agentry.audit_images
    FOR EACH STATEMENT EXECUTE FUNCTION agentry._audit_immutable();
