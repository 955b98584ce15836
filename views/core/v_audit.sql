-- Entries of the audit log with the rows before and after, as far as they have not been erased.
CREATE OR REPLACE VIEW agentry.v_audit WITH (security_invoker = true) AS
SELECT l.org_id, l.id, l.at, l.transaction, l.role, l.kind, l.agent_id, l.user_id, l.road, l.action, l.table_name,
       l.row_key, coalesce(l.old_row, i.old_row) AS old_row, coalesce(l.new_row, i.new_row) AS new_row,
       l.position
FROM agentry.audit_log AS l
LEFT JOIN agentry.audit_images AS i ON i.org_id = l.org_id AND i.audit_id = l.id;

COMMENT ON VIEW agentry.v_audit IS
    'Who changed what and when, with the rows before and after as far as they are not erased; for applications, '
    'readers and administrators.';
COMMENT ON COLUMN agentry.v_audit.org_id IS 'Organisation.';
COMMENT ON COLUMN agentry.v_audit.id IS 'Id of the entry, ascending; gaps are normal.';
COMMENT ON COLUMN agentry.v_audit.at IS 'Time of the change.';
COMMENT ON COLUMN agentry.v_audit.transaction IS 'Transaction of the change.';
COMMENT ON COLUMN agentry.v_audit.role IS 'Database role that acted, behind act_as() too.';
COMMENT ON COLUMN agentry.v_audit.kind IS 'What it was taken for: agent, user, app, reader, admin; NULL: nobody.';
COMMENT ON COLUMN agentry.v_audit.agent_id IS 'The agent that it was or acted as.';
COMMENT ON COLUMN agentry.v_audit.user_id IS 'The user behind it.';
COMMENT ON COLUMN agentry.v_audit.road IS 'How it was known: session, role, service, admin.';
COMMENT ON COLUMN agentry.v_audit.action IS 'INSERT, UPDATE, DELETE, TRUNCATE, or the kind of an erasure.';
COMMENT ON COLUMN agentry.v_audit.table_name IS 'Table, with its schema.';
COMMENT ON COLUMN agentry.v_audit.row_key IS 'Primary key of the row.';
COMMENT ON COLUMN agentry.v_audit.old_row IS 'The row before.';
COMMENT ON COLUMN agentry.v_audit.new_row IS 'The row after.';
COMMENT ON COLUMN agentry.v_audit.position IS 'Place in the chain of the organisation; NULL: not sealed yet.';
