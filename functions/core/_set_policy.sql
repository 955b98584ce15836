-- _set_policy(table, policy, command, using, check): makes or changes a policy, under its own name agentry_<policy>
CREATE OR REPLACE FUNCTION agentry._set_policy(
    p_table   regclass,
    p_policy  text,
    p_command text,
    p_using   text,
    p_check   text
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_set_policy$
DECLARE
    v_name    name := 'agentry_' || p_policy;
    v_clauses text := concat_ws(' ', 'USING (' || p_using || ')', 'WITH CHECK (' || p_check || ')');
BEGIN
    IF EXISTS (SELECT FROM pg_policy WHERE polrelid = p_table AND polname = v_name) THEN
        EXECUTE format('ALTER POLICY %I ON %s TO PUBLIC %s', v_name, p_table, v_clauses);
    ELSE
        EXECUTE format('CREATE POLICY %I ON %s FOR %s TO PUBLIC %s', v_name, p_table, p_command, v_clauses);
    END IF;
END;
$_set_policy$;

COMMENT ON FUNCTION agentry._set_policy(regclass, text, text, text, text) IS
    'Makes or changes a policy of a guarded table.';
