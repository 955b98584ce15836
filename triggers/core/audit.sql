-- Writes what a statement did to a table into the audit log: an entry a row, all in one insert, no lock taken.
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
    v_me   record := agentry._me();
    v_rows text   := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT NULL::jsonb AS old_row, to_jsonb(n) AS new_row FROM new_rows AS n'
        WHEN 'DELETE' THEN 'SELECT to_jsonb(o) AS old_row, NULL::jsonb AS new_row FROM old_rows AS o'
        -- a changed key shows as a row that went and one that came
        WHEN 'UPDATE' THEN
            'SELECT o.image AS old_row, n.image AS new_row '
            'FROM (SELECT to_jsonb(t) AS image, agentry._row_key(to_jsonb(t), $9) AS key FROM old_rows AS t) AS o '
            'FULL JOIN (SELECT to_jsonb(t) AS image, agentry._row_key(to_jsonb(t), $9) AS key FROM new_rows AS t) AS n '
            'ON n.key = o.key'
        WHEN 'TRUNCATE' THEN
            'SELECT jsonb_build_object(%1$L, o.id) AS old_row, NULL::jsonb AS new_row FROM agentry.organizations AS o '
            'WHERE %1$L <> '''' OR o.is_default'
    END;
BEGIN
    EXECUTE format($sql$
        WITH changed AS (
            SELECT nextval('agentry.audit_log_id_seq') AS id,
                   agentry._audit_image(r.old_row) AS old_row,
                   agentry._audit_image(r.new_row) AS new_row,
                   coalesce((coalesce(r.new_row, r.old_row) ->> %1$L)::uuid,
                            (SELECT o.id FROM agentry.organizations AS o WHERE o.is_default)) AS org_id
            FROM ($sql$ || v_rows || $sql$) AS r
            WHERE r.old_row IS DISTINCT FROM r.new_row
        ), logged AS (
            INSERT INTO agentry.audit_log (
                org_id, id, at, transaction, role, kind, agent_id, user_id, road, action, table_name, row_key,
                old_digest, new_digest)
            OVERRIDING SYSTEM VALUE
            SELECT c.org_id, c.id, $1, pg_current_xact_id(), $2, $3, $4, $5, $6, $7, $8,
                   agentry._row_key(coalesce(c.new_row, c.old_row), $9),
                   agentry._audit_digest(c.old_row), agentry._audit_digest(c.new_row)
            FROM changed AS c
        )
        INSERT INTO agentry.audit_images (org_id, audit_id, old_row, new_row)
        SELECT c.org_id, c.id, c.old_row, c.new_row FROM changed AS c$sql$, TG_ARGV[0])
    USING agentry._clock(), agentry._acting_role(), v_me.kind, v_me.agent_id, v_me.user_id, v_me.road, TG_OP,
          format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), TG_ARGV[1]::text[];
    RETURN NULL;
END;
$_audit$;

COMMENT ON FUNCTION agentry._audit() IS
    'Writes changes of a table into agentry.audit_log; set by guard_table() when asked.';
