CREATE OR REPLACE VIEW agentry.v_table_access
WITH (security_invoker = true) AS
SELECT g.table_name,
       g.visible_to,
       agentry._describe_rules(g.table_name) AS writers,
       g.written_by,
       agentry.write_reach(g.table_name, 'INSERT') IS NOT NULL AS may_insert,
       agentry.write_reach(g.table_name, 'UPDATE') IS NOT NULL AS may_update,
       agentry.write_reach(g.table_name, 'DELETE') IS NOT NULL AS may_delete,
       obj_description(g.table_name, 'pg_class') AS comment
FROM agentry.guarded_tables AS g;

COMMENT ON VIEW agentry.v_table_access IS
    'Every guarded table: who reads it, who writes it, and what whoever is asking may write.';
COMMENT ON COLUMN agentry.v_table_access.table_name IS 'The table.';
COMMENT ON COLUMN agentry.v_table_access.visible_to IS 'Who reads a row; see agentry.guarded_tables.';
COMMENT ON COLUMN agentry.v_table_access.writers IS 'Who may write it directly.';
COMMENT ON COLUMN agentry.v_table_access.written_by IS 'Functions that write it for others.';
COMMENT ON COLUMN agentry.v_table_access.may_insert IS 'Whether whoever is asking may insert.';
COMMENT ON COLUMN agentry.v_table_access.may_update IS 'Whether whoever is asking may update.';
COMMENT ON COLUMN agentry.v_table_access.may_delete IS 'Whether whoever is asking may delete.';
COMMENT ON COLUMN agentry.v_table_access.comment IS 'The comment of the table.';
