-- A statement that the access rules do not allow is refused before it touches a row, and says who may.
CREATE OR REPLACE FUNCTION agentry._enforce_access()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_enforce_access$
DECLARE
    v_me       record;
    v_contacts text;
BEGIN
    -- the owner, and so our own SECURITY DEFINER functions and cascades
    IF pg_has_role(current_user, (SELECT c.relowner FROM pg_class AS c WHERE c.oid = TG_RELID), 'USAGE')
       OR agentry.write_reach(TG_RELID, TG_OP) IS NOT NULL THEN
        RETURN NULL;
    END IF;

    v_me := agentry._me();
    SELECT string_agg(DISTINCT a.name, ', ' ORDER BY a.name)
    INTO v_contacts
    FROM agentry.access_rules AS r
    JOIN agentry.agents AS a ON a.org_id = v_me.org_id AND a.status = 'active'
    LEFT JOIN agentry.agent_domains AS d ON d.org_id = a.org_id AND d.agent_id = a.id
    WHERE r.table_name = TG_RELID
      AND TG_OP = ANY (r.commands)
      AND (r.writer LIKE 'domain:%' AND lower(d.domain_topic) = lower(btrim(substr(r.writer, 8)))
           OR r.writer LIKE 'agent:%' AND a.name = agentry.fold_name(substr(r.writer, 7)));

    RAISE EXCEPTION USING
        ERRCODE = 'insufficient_privilege',
        MESSAGE = format('permission denied for table %s', TG_TABLE_NAME),
        DETAIL  = format('%s on %s.%s is for %s%s.  You are %s.', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME,
                         agentry._describe_rules(TG_RELID),
                         (SELECT '; others go through ' || g.written_by
                          FROM agentry.guarded_tables AS g
                          WHERE g.table_name = TG_RELID),
                         coalesce(v_me.kind || coalesce(' ' || v_me.agent, ''), 'nobody: not logged in')),
        HINT    = coalesce('Ask ' || v_contacts || ' to do it.  ', '')
                  || 'The rule stands in the comment of the table and in agentry.v_table_access.',
        SCHEMA  = TG_TABLE_SCHEMA,
        TABLE   = TG_TABLE_NAME;
END;
$_enforce_access$;

COMMENT ON FUNCTION agentry._enforce_access() IS
    'Refuses a statement that agentry.access_rules do not allow; set by guard_table().';
