-- _describe_table(table): writes the comment of a guarded table: what it is for, who reads it, who writes it
CREATE OR REPLACE FUNCTION agentry._describe_table(p_table regclass)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_describe_table$
DECLARE
    v_comment text;
BEGIN
    SELECT format(E'%s\nREAD: %s.\nWRITE: %s%s.',
        g.description,
        CASE g.visible_to
            WHEN 'everyone' THEN 'everyone'
            WHEN 'organisation' THEN 'everyone in the organisation'
            WHEN 'scope' THEN 'the agent itself and its wider scopes; applications their organisation'
            WHEN 'rule' THEN 'those concerned; applications their organisation'
            ELSE 'nobody directly'
        END,
        agentry._describe_rules(g.table_name),
        '; others through ' || g.written_by)
    INTO v_comment
    FROM agentry.guarded_tables AS g
    WHERE g.table_name = p_table;
    EXECUTE format('COMMENT ON TABLE %s IS %L', p_table, v_comment);
END;
$_describe_table$;

COMMENT ON FUNCTION agentry._describe_table(regclass) IS 'Writes the comment of a guarded table from its access rules.';
