-- guard_table(table, ...) -> void
-- Puts a table under the house rules: row-level security from its owner and scope columns, refusals and a comment from
-- its access rules, updated_at, its row lock where it has a column locked, its audit when asked.  Repeatable.  Locks
-- the table.
-- Raises undefined_column, invalid_parameter_value, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry.guard_table(
    p_table        regclass,
    p_agent_column name   DEFAULT NULL,
    p_user_column  name   DEFAULT NULL,
    p_team_column  name   DEFAULT NULL,
    p_scope_column name   DEFAULT NULL,
    p_visible_to   text   DEFAULT NULL,
    p_rule         text   DEFAULT NULL,
    p_writers      text[] DEFAULT '{}',
    p_written_by   text   DEFAULT NULL,
    p_org_column   name   DEFAULT 'org_id',
    p_audit        boolean DEFAULT false
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $guard_table$
DECLARE
    v_visible_to text := coalesce(p_visible_to,
                                  CASE WHEN p_rule IS NOT NULL THEN 'rule'
                                       WHEN p_scope_column IS NOT NULL OR p_agent_column IS NOT NULL THEN 'scope'
                                       ELSE 'organisation' END);
    v_tenant     boolean := agentry._column_type(p_table, p_org_column) = 'uuid'::regtype;
    v_column     name;
    -- a list of those who may read a row makes the rule one operator, so that no filter of a reader runs before it
    v_readers    boolean := v_visible_to = 'scope' AND agentry._column_type(p_table, 'readers') = 'uuid[]'::regtype;
    v_own        text;
    v_read       text;
    v_write      text;
    v_command    text;
    v_new        boolean;
BEGIN
    IF v_visible_to NOT IN ('everyone', 'organisation', 'scope', 'rule', 'nobody')
       OR (v_visible_to = 'rule') <> (p_rule IS NOT NULL) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('who may see table %s is not clear', p_table),
            DETAIL  = format('got visible_to: %L, rule: %L', p_visible_to, p_rule),
            HINT    = 'Pass everyone, organisation, scope or nobody; or a condition as p_rule.';
    END IF;
    FOREACH v_column IN ARRAY ARRAY[CASE WHEN v_visible_to NOT IN ('everyone', 'nobody') THEN p_org_column END,
                                    p_agent_column, p_user_column, p_team_column, p_scope_column]::name[]
    LOOP
        IF v_column IS NOT NULL
           AND (agentry._column_type(p_table, v_column) IS NULL OR v_column = p_org_column AND NOT v_tenant) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_column',
                MESSAGE = format('table %s has no column %s%s', p_table, v_column,
                                 CASE WHEN v_column = p_org_column THEN ' of type uuid' END),
                HINT    = 'A guarded table has org_id uuid NOT NULL; owner and scope columns are given by name.';
        END IF;
    END LOOP;

    -- the part of the comment before READ: is by hand, the rest is generated
    INSERT INTO agentry.guarded_tables AS g (
        table_name, description, visible_to, written_by, agent_column, user_column, team_column, scope_column)
    VALUES (
        p_table, split_part(coalesce(obj_description(p_table, 'pg_class'), ''), E'\nREAD: ', 1), v_visible_to,
        p_written_by, p_agent_column, p_user_column, p_team_column, p_scope_column)
    ON CONFLICT (table_name) DO UPDATE
    SET description = excluded.description, visible_to = excluded.visible_to, written_by = excluded.written_by,
        agent_column = excluded.agent_column, user_column = excluded.user_column, team_column = excluded.team_column,
        scope_column = excluded.scope_column
    RETURNING g.xmax = 0 INTO v_new;
    IF v_new THEN
        -- the right to DELETE includes that to lock the table against everybody: an office does not bring it by itself
        INSERT INTO agentry.access_rules (table_name, writer, commands)
        SELECT p_table, w,
               CASE WHEN w IN ('app', 'agents') THEN '{INSERT,UPDATE,DELETE}' ELSE '{INSERT,UPDATE}' END::text[]
        FROM unnest(p_writers) AS w
        ON CONFLICT DO NOTHING;
    END IF;

    -- defaults that are functions of the extension stand here, so that a repeated install brings them back
    IF agentry._column_type(p_table, 'id') = 'uuid'::regtype THEN
        PERFORM agentry._set_default(p_table, 'id', 'agentry.uuidv7()');
    END IF;
    IF v_tenant AND p_org_column = 'org_id' THEN
        PERFORM agentry._set_default(p_table, 'org_id',
            'COALESCE((NULLIF(current_setting(''agentry.org_id''::text, true), ''''::text))::uuid, '
            'agentry.current_org_id())');
    END IF;

    -- everyone: no row-level security; nobody: no policy, deny by default
    EXECUTE format('ALTER TABLE %s %s ROW LEVEL SECURITY', p_table,
                   CASE v_visible_to WHEN 'everyone' THEN 'DISABLE' ELSE 'ENABLE' END);
    IF v_visible_to IN ('everyone', 'nobody') THEN
        FOR v_column IN
            SELECT p.polname FROM pg_policy AS p WHERE p.polrelid = p_table AND p.polname LIKE 'agentry\_%'
        LOOP
            EXECUTE format('DROP POLICY %I ON %s', v_column, p_table);
        END LOOP;
    ELSE
        v_own := CASE
            WHEN p_agent_column IS NOT NULL THEN
                format('%I = (SELECT agentry.%I())', p_agent_column,
                       CASE WHEN agentry._column_type(p_table, p_agent_column) = 'uuid'::regtype
                            THEN 'current_agent_id' ELSE 'current_agent' END)
            WHEN p_user_column IS NOT NULL THEN
                format('%I = (SELECT agentry.current_user_id())', p_user_column)
            ELSE 'false'
        END;
        v_read := CASE
            WHEN v_visible_to = 'rule' THEN p_rule
            WHEN v_readers THEN 'readers && (SELECT agentry.current_readers())'
            WHEN v_visible_to = 'scope' THEN concat_ws(' OR ',
                v_own,
                CASE WHEN p_scope_column IS NOT NULL THEN
                    format('%I = ''organisation''', p_scope_column) END,
                CASE WHEN p_scope_column IS NOT NULL AND p_team_column IS NOT NULL THEN
                    format('%I = ''team'' AND %I = (SELECT agentry.current_team_id())',
                           p_scope_column, p_team_column) END,
                CASE WHEN p_scope_column IS NOT NULL AND p_user_column IS NOT NULL THEN
                    format('%I = ''user'' AND %I = (SELECT agentry.current_user_id())',
                           p_scope_column, p_user_column) END)
        END;
        v_read := concat_ws(' AND ',
            format('%I = (SELECT agentry.current_org_id())', p_org_column),
            '((SELECT agentry.sees_organisation()) OR ' || v_read || ')');
        PERFORM agentry._set_policy(p_table, 'read', 'SELECT', v_read, NULL);
        FOREACH v_command IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
            v_write := format(
                '%I = (SELECT agentry.current_org_id()) AND CASE (SELECT agentry.write_reach(%L::regclass, %L)) '
                'WHEN ''all'' THEN true WHEN ''own'' THEN %%s ELSE false END',
                p_org_column, p_table, upper(v_command));
            PERFORM agentry._set_policy(
                p_table, v_command, upper(v_command),
                CASE WHEN v_command <> 'insert' THEN format(v_write, v_own) END,
                -- nobody writes into a team, or for a user, that is not its own
                CASE WHEN v_command <> 'delete' THEN format(v_write, concat_ws(' AND ', v_own,
                    CASE WHEN v_readers THEN 'readers <@ (SELECT agentry.current_readers())' END)) END);
        END LOOP;
    END IF;

    -- where there are policies, not for those whom they do not concern: the owner, and so our SECURITY DEFINER
    -- functions and cascades; _enforce_access() would find the same, more slowly
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER agentry_10_access BEFORE INSERT OR UPDATE OR DELETE ON %s '
        'FOR EACH STATEMENT %s EXECUTE FUNCTION agentry._enforce_access()',
        p_table,
        (SELECT format('WHEN (row_security_active(%L::regclass))', p_table)
         FROM pg_class AS c
         WHERE c.oid = p_table AND c.relrowsecurity));
    IF agentry._column_type(p_table, 'updated_at') IS NOT NULL THEN
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER agentry_50_updated_at BEFORE UPDATE ON %s '
            'FOR EACH ROW EXECUTE FUNCTION agentry._set_updated_at()', p_table);
    END IF;
    IF v_visible_to = 'everyone' THEN
        -- a repeated install says again what registries hold; their rows stay where they are, in dumps too
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER agentry_60_unchanged BEFORE UPDATE ON %s '
            'FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()', p_table);
    END IF;

    IF agentry._column_type(p_table, 'locked') IS NOT NULL THEN
        IF NOT EXISTS (SELECT
                       FROM pg_attribute AS a
                       WHERE a.attrelid = p_table AND a.attname = 'locked' AND a.attnotnull
                         AND a.atttypid = 'boolean'::regtype) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('column locked of table %s is not boolean NOT NULL', p_table),
                HINT    = 'A lock that is neither on nor off would hold nothing: '
                          'ALTER TABLE ... ALTER locked SET DEFAULT false, ALTER locked SET NOT NULL.';
        END IF;
        -- the last of the row triggers by name, so that it sees what the others made of the row
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER zz_agentry_lock BEFORE UPDATE OR DELETE ON %s '
            'FOR EACH ROW EXECUTE FUNCTION agentry._refuse_locked()', p_table);
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER zz_agentry_lock_truncate BEFORE TRUNCATE ON %s '
            'FOR EACH STATEMENT EXECUTE FUNCTION agentry._refuse_locked()', p_table);
    END IF;
    IF p_audit THEN
        PERFORM agentry._set_audit(p_table, CASE WHEN v_tenant THEN p_org_column ELSE '' END);
    END IF;

    PERFORM agentry._describe_table(p_table);
    PERFORM agentry._comment_column(p_table, 'org_id', 'Organisation; by default that of whoever is asking.');
    PERFORM agentry._comment_column(p_table, 'created_at', 'Time of the insert.');
    PERFORM agentry._comment_column(p_table, 'updated_at', 'Time of the last change.');
END;
$guard_table$;

COMMENT ON FUNCTION agentry.guard_table(regclass, name, name, name, name, text, text, text[], text, name, boolean) IS
    'Puts a table with org_id uuid under the house rules: row-level security from its owner columns (agent: id or '
    'name; user; team) and scope column (where there is a column readers uuid[], the ids in it are who reads: agents, '
    'users, teams, the organisation), or a rule of its own; refusals and comment from agentry.access_rules '
    '(p_writers: the first ones); updated_at.  '
    'Repeatable.  For the owner of the table.  Raises undefined_column, invalid_parameter_value, '
    'object_not_in_prerequisite_state.';
