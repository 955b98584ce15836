-- write_reach(table, command) -> text
-- How far the access rules let whoever is asking run INSERT, UPDATE or DELETE on a table: all rows of the organisation,
-- own rows, or NULL, not at all.  Policies and the refusal of guard_table() rest on it.
CREATE OR REPLACE FUNCTION agentry.write_reach(p_table regclass, p_command text)
RETURNS text
LANGUAGE plpgsql
STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
-- else it is planned in each call: with the caller's kind at hand a plan looks so much cheaper
SET plan_cache_mode = force_generic_plan
AS $write_reach$
DECLARE
    v_me record := agentry._me();
BEGIN
    IF v_me.kind = 'admin' THEN
        RETURN 'all';
    END IF;
    RETURN (
        SELECT min(CASE WHEN r.writer = 'agents' AND v_me.kind = 'agent' THEN 'own' ELSE 'all' END)
        FROM agentry.access_rules AS r
        WHERE r.table_name = p_table
          AND upper(p_command) = ANY (r.commands)
          AND CASE
                  WHEN r.writer = 'app' THEN v_me.kind = 'app'
                  WHEN r.writer = 'agents' THEN v_me.kind IN ('agent', 'app')
                  WHEN v_me.kind <> 'agent' THEN false
                  WHEN r.writer LIKE 'agent:%' THEN agentry.fold_name(substr(r.writer, 7)) = v_me.agent
                  ELSE EXISTS (
                      SELECT
                      FROM agentry.agent_domains AS d
                      WHERE d.org_id = v_me.org_id
                        AND lower(d.domain_topic) = lower(btrim(substr(r.writer, 8)))
                        AND d.agent_id = v_me.agent_id)
              END);
END;
$write_reach$;

COMMENT ON FUNCTION agentry.write_reach(regclass, text) IS
    'How far the access rules let whoever is asking run this command (INSERT, UPDATE, DELETE) on the table: all, own, '
    'or NULL (refused).';
