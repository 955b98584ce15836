-- _close_way(id, counts)
-- Ends what _open_way() began, with an entry in the audit log, but for retention that found nothing.
CREATE OR REPLACE FUNCTION agentry._close_way(p_id uuid, p_counts jsonb DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_close_way$
DECLARE
    v_me record := agentry._me();
BEGIN
    UPDATE agentry.erasures AS e SET finished_at = agentry._clock(), counts = p_counts WHERE e.id = p_id;
    INSERT INTO agentry.audit_log (
        org_id, at, transaction, role, kind, agent_id, user_id, road, action, table_name, row_key, new_digest)
    SELECT e.org_id, e.finished_at, e.transaction, agentry._acting_role(), v_me.kind, v_me.agent_id, v_me.user_id,
           v_me.road, e.kind, 'agentry.erasures', jsonb_build_object('id', e.id),
           agentry._audit_digest(to_jsonb(e))
    FROM agentry.erasures AS e
    WHERE e.id = p_id AND (e.kind <> 'retention' OR p_counts <> '{}');
END;
$_close_way$;

COMMENT ON FUNCTION agentry._close_way(uuid, jsonb) IS
    'Ends the way past locks and immutability that _open_way() opened, and enters it in the audit log.';
