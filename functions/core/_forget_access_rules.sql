-- _forget_access_rules(organisation, subject) -> bigint
-- Removes access rules for a forgotten agent, which a new one of its name must not inherit; they serve all
-- organisations, and stay while another has an agent of that name.
CREATE OR REPLACE FUNCTION agentry._forget_access_rules(p_org_id uuid, p_subject jsonb)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_forget_access_rules$
DECLARE
    v_done bigint;
BEGIN
    DELETE FROM agentry.access_rules AS r
    WHERE r.writer LIKE 'agent:%'
      AND agentry.fold_name(substr(r.writer, 7)) = p_subject ->> 'agent_name'
      AND NOT EXISTS (SELECT
                      FROM agentry.agents AS a
                      WHERE a.org_id <> p_org_id AND a.name = p_subject ->> 'agent_name');
    GET DIAGNOSTICS v_done = ROW_COUNT;
    -- audited with the default organisation, as rules belong to none
    PERFORM agentry._set_images_apart();
    DELETE FROM agentry.audit_images AS i
    USING agentry.audit_log AS l
    WHERE v_done > 0
      AND l.org_id = i.org_id
      AND l.id = i.audit_id
      AND l.table_name = 'agentry.access_rules'
      AND agentry.fold_name(substr(coalesce(i.old_row, i.new_row) ->> 'writer', 7)) = p_subject ->> 'agent_name';
    RETURN v_done;
END;
$_forget_access_rules$;

COMMENT ON FUNCTION agentry._forget_access_rules(uuid, jsonb) IS 'Removes access rules for a forgotten agent.';
