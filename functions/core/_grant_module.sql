-- _grant_module(schema, internal, admin, hidden): gives the group roles that exist their privileges on a module
-- Everybody reads what policies let them.  INSERT and UPDATE are granted where a policy and a refusal that explains
-- stand behind them: UPDATE by column, as on the table it would let anybody lock the table.  DELETE goes to those who
-- may.
-- internal: functions beside the public ones; admin: public ones to leave out; hidden: columns, as table.column.
CREATE OR REPLACE FUNCTION agentry._grant_module(
    p_schema   name,
    p_internal text[] DEFAULT '{}',
    p_admin    text[] DEFAULT '{}',
    p_hidden   text[] DEFAULT '{}'
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_grant_module$
DECLARE
    v_all     text := (SELECT string_agg(quote_ident(r.rolname), ', ' ORDER BY r.rolname) FROM pg_roles AS r
                       WHERE r.rolname IN ('agentry_app', 'agentry_agent', 'agentry_reader'));
    v_writers text := (SELECT string_agg(quote_ident(r.rolname), ', ' ORDER BY r.rolname) FROM pg_roles AS r
                       WHERE r.rolname IN ('agentry_app', 'agentry_agent'));
    v_row     record;
BEGIN
    EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA %I FROM PUBLIC', p_schema);
    IF v_all IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', p_schema, v_all);
    FOR v_row IN
        SELECT c.oid::regclass AS name, c.relkind, c.relrowsecurity,
               string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
                   FILTER (WHERE c.relname || '.' || a.attname <> ALL (p_hidden)) AS columns,
               string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS all_columns,
               bool_or(c.relname || '.' || a.attname = ANY (p_hidden)) AS hides
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN agentry.guarded_tables AS g ON g.table_name = c.oid
        WHERE c.relnamespace = p_schema::regnamespace
          AND (c.relkind = 'v' OR c.relkind IN ('r', 'p') AND NOT c.relispartition AND g.visible_to <> 'nobody')
        GROUP BY c.oid
    LOOP
        EXECUTE format('GRANT SELECT%s ON %s TO %s',
                       CASE WHEN v_row.hides THEN ' (' || v_row.columns || ')' ELSE '' END, v_row.name, v_all);
        IF v_row.relkind <> 'v' AND v_row.relrowsecurity AND v_writers IS NOT NULL THEN
            EXECUTE format('GRANT INSERT, UPDATE (%s) ON %s TO %s', v_row.all_columns, v_row.name, v_writers);
            PERFORM agentry._grant_delete(v_row.name);
        END IF;
    END LOOP;
    FOR v_row IN
        SELECT p.oid::regprocedure AS name
        FROM pg_proc AS p
        WHERE p.pronamespace = p_schema::regnamespace
          AND p.prokind = 'f'
          AND p.prorettype <> 'trigger'::regtype
          AND CASE WHEN p.proname LIKE '\_%' THEN p.proname = ANY (p_internal) ELSE p.proname <> ALL (p_admin) END
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', v_row.name, v_all);
    END LOOP;
END;
$_grant_module$;

COMMENT ON FUNCTION agentry._grant_module(name, text[], text[], text[]) IS
    'Gives the group roles their privileges on a module.';
