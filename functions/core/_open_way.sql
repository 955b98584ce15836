-- _open_way(kind [, organisation, subject]) -> id
-- From here to _close_way() this transaction passes locks and immutability, on record.
CREATE OR REPLACE FUNCTION agentry._open_way(p_kind text, p_org_id uuid DEFAULT NULL, p_subject jsonb DEFAULT NULL)
RETURNS uuid
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_open_way$
    INSERT INTO agentry.erasures (org_id, kind, subject_id, subject_digest, transaction, started_at)
    VALUES (coalesce(p_org_id, (SELECT o.id FROM agentry.organizations AS o WHERE o.is_default)),
            p_kind,
            (p_subject ->> 'subject_id')::uuid,
            agentry._subject_digest(p_subject ->> 'agent_name'),
            pg_current_xact_id(), agentry._clock())
    RETURNING id
$_open_way$;

COMMENT ON FUNCTION agentry._open_way(text, uuid, jsonb) IS
    'Opens the one way past locks and immutability, on record, for this transaction.';
