-- _audit_entry(row) -> jsonb: what of an entry of agentry.audit_log is chained
-- Known columns that are not NULL, so that a column that is added later breaks no chain.
CREATE OR REPLACE FUNCTION agentry._audit_entry(p_row jsonb)
RETURNS jsonb
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_audit_entry$
    SELECT jsonb_strip_nulls(agentry._row_key(p_row, '{org_id,id,at,transaction,role,kind,agent_id,user_id,road,action,'
                                                     'table_name,row_key,old_digest,new_digest}'))
$_audit_entry$;

COMMENT ON FUNCTION agentry._audit_entry(jsonb) IS 'The chained part of an entry of the audit log.';
