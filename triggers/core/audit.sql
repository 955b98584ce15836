-- Writes what a statement did to a table into the audit log: an entry a row, all in one insert, no lock taken.  The
-- images of the rows go along; seal_audit() takes their digests and sets them apart, which is too dear for a writer.
-- Arguments of the trigger: the column with the organisation ('' for a table of the whole database, which goes to the
-- default one), and the primary key's columns.
CREATE OR REPLACE FUNCTION agentry._audit()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- equal rows look equal, and rows that differ look different, whatever the session prefers
SET timezone = 'UTC'
SET intervalstyle = 'postgres'
SET extra_float_digits = 1
SET bytea_output = 'hex'
AS $_audit$
DECLARE
    v_org   text   := TG_ARGV[0];
    v_keys  text[] := TG_ARGV[1];
    v_table text   := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME);
    v_role  name   := CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END;
    v_at    timestamptz;
    v_me    record;
    v_old   jsonb[] := '{}';
    v_new   jsonb[] := '{}';
    v_name  text;
    v_key   jsonb   := '{}';
    v_plans text;
BEGIN
    -- no dynamic SQL: plans are kept, a set for each trigger; one row, the usual case, goes the shortest way
    IF TG_OP = 'UPDATE' THEN
        SELECT ARRAY(SELECT to_jsonb(o) FROM old_rows AS o LIMIT 2),
               ARRAY(SELECT to_jsonb(n) FROM new_rows AS n LIMIT 2)
        INTO v_old, v_new;
    ELSIF TG_OP = 'INSERT' THEN
        v_new := ARRAY(SELECT to_jsonb(n) FROM new_rows AS n LIMIT 2);
    ELSIF TG_OP = 'DELETE' THEN
        v_old := ARRAY(SELECT to_jsonb(o) FROM old_rows AS o LIMIT 2);
    END IF;
    IF v_old = v_new AND cardinality(v_old) < 2 AND TG_OP <> 'TRUNCATE' THEN
        RETURN NULL;
    END IF;
    v_me := agentry._me();
    v_at := agentry._clock();

    IF cardinality(v_old) < 2 AND cardinality(v_new) < 2 AND TG_OP <> 'TRUNCATE' THEN
        FOREACH v_name IN ARRAY v_keys LOOP
            v_key := v_key || jsonb_build_object(v_name, coalesce(v_new[1], v_old[1]) -> v_name);
        END LOOP;
        IF TG_OP <> 'UPDATE' OR v_old[1] @> v_key THEN
            INSERT INTO agentry.audit_log (
                org_id, at, transaction, role, kind, agent_id, user_id, road, action, table_name, row_key, old_row,
                new_row)
            VALUES (
                coalesce((coalesce(v_new[1], v_old[1]) ->> v_org)::uuid, agentry._default_org_id()), v_at,
                pg_current_xact_id(), v_role, v_me.kind, v_me.agent_id, v_me.user_id, v_me.road, TG_OP, v_table, v_key,
                CASE WHEN v_old[1] ?| agentry._secret_columns() THEN agentry._audit_image(v_old[1]) ELSE v_old[1] END,
                CASE WHEN v_new[1] ?| agentry._secret_columns() THEN agentry._audit_image(v_new[1]) ELSE v_new[1] END);
            RETURN NULL;
        END IF;
    END IF;

    v_plans := current_setting('plan_cache_mode');
    -- else a plan once made for many rows would make PostgreSQL plan again for each statement
    PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);
    IF TG_OP = 'INSERT' THEN
        INSERT INTO agentry.audit_log (
            org_id, at, transaction, role, kind, agent_id, user_id, road, action, table_name, row_key, new_row)
        SELECT coalesce((n.image ->> v_org)::uuid, agentry._default_org_id()), v_at, pg_current_xact_id(), v_role,
               v_me.kind, v_me.agent_id, v_me.user_id, v_me.road, TG_OP, v_table,
               (SELECT jsonb_object_agg(k, n.image -> k) FROM unnest(v_keys) AS k),
               CASE WHEN n.image ?| agentry._secret_columns() THEN agentry._audit_image(n.image) ELSE n.image END
        FROM (SELECT to_jsonb(t) AS image FROM new_rows AS t OFFSET 0) AS n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO agentry.audit_log (
            org_id, at, transaction, role, kind, agent_id, user_id, road, action, table_name, row_key, old_row)
        SELECT coalesce((o.image ->> v_org)::uuid, agentry._default_org_id()), v_at, pg_current_xact_id(), v_role,
               v_me.kind, v_me.agent_id, v_me.user_id, v_me.road, TG_OP, v_table,
               (SELECT jsonb_object_agg(k, o.image -> k) FROM unnest(v_keys) AS k),
               CASE WHEN o.image ?| agentry._secret_columns() THEN agentry._audit_image(o.image) ELSE o.image END
        FROM (SELECT to_jsonb(t) AS image FROM old_rows AS t OFFSET 0) AS o;
    ELSIF TG_OP = 'UPDATE' THEN
        -- a changed key shows as a row that went and one that came; a full join is never a nested loop
        INSERT INTO agentry.audit_log (
            org_id, at, transaction, role, kind, agent_id, user_id, road, action, table_name, row_key, old_row,
            new_row)
        SELECT coalesce((coalesce(n.image, o.image) ->> v_org)::uuid, agentry._default_org_id()), v_at,
               pg_current_xact_id(), v_role, v_me.kind, v_me.agent_id, v_me.user_id, v_me.road, TG_OP, v_table,
               coalesce(n.key, o.key),
               CASE WHEN o.image ?| agentry._secret_columns() THEN agentry._audit_image(o.image) ELSE o.image END,
               CASE WHEN n.image ?| agentry._secret_columns() THEN agentry._audit_image(n.image) ELSE n.image END
        FROM (SELECT t.image, (SELECT jsonb_object_agg(k, t.image -> k) FROM unnest(v_keys) AS k) AS key
              FROM (SELECT to_jsonb(r) AS image FROM old_rows AS r OFFSET 0) AS t OFFSET 0) AS o
        FULL JOIN (SELECT t.image, (SELECT jsonb_object_agg(k, t.image -> k) FROM unnest(v_keys) AS k) AS key
                   FROM (SELECT to_jsonb(r) AS image FROM new_rows AS r OFFSET 0) AS t OFFSET 0) AS n ON n.key = o.key
        WHERE o.image IS DISTINCT FROM n.image;
    ELSE
        INSERT INTO agentry.audit_log (
            org_id, at, transaction, role, kind, agent_id, user_id, road, action, table_name)
        SELECT o.id, v_at, pg_current_xact_id(), v_role, v_me.kind, v_me.agent_id, v_me.user_id, v_me.road, TG_OP,
               v_table
        FROM agentry.organizations AS o
        WHERE v_org <> '' OR o.is_default;
    END IF;
    PERFORM set_config('plan_cache_mode', v_plans, true);
    RETURN NULL;
END;
$_audit$;

COMMENT ON FUNCTION agentry._audit() IS
    'Writes changes of a table into agentry.audit_log; set by guard_table() when asked.';
