-- _grant_delete(table): lets those group roles DELETE whose access rules say so, and no others
-- DELETE on a table includes the right to lock it against everybody, and has no form by column.
CREATE OR REPLACE FUNCTION agentry._grant_delete(p_table regclass)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_grant_delete$
DECLARE
    v_role record;
BEGIN
    FOR v_role IN
        SELECT g.rolname AS name,
               EXISTS (SELECT
                       FROM agentry.access_rules AS r
                       WHERE r.table_name = p_table
                         AND 'DELETE' = ANY (r.commands)
                         AND (r.writer = 'agents' OR (r.writer = 'app') = (g.rolname = 'agentry_app'))) AS may
        FROM pg_roles AS g
        WHERE g.rolname IN ('agentry_app', 'agentry_agent')
          -- grants on a table of a user are the user's
          AND EXISTS (SELECT
                      FROM pg_class AS c
                      JOIN pg_namespace AS n ON n.oid = c.relnamespace
                      JOIN agentry._modules() AS m ON m.schema = n.nspname
                      WHERE c.oid = p_table)
    LOOP
        EXECUTE format(CASE WHEN v_role.may THEN 'GRANT DELETE ON %s TO %I' ELSE 'REVOKE DELETE ON %s FROM %I' END,
                       p_table, v_role.name);
    END LOOP;
END;
$_grant_delete$;

COMMENT ON FUNCTION agentry._grant_delete(regclass) IS
    'Lets those group roles DELETE from a table whose access rules say so, and no others.';
