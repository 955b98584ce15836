-- _describe_rules(table) -> text
-- Who may write a table, in words: "applications, agents of domain Agent Management, administrators".
CREATE OR REPLACE FUNCTION agentry._describe_rules(p_table regclass)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_describe_rules$
    SELECT concat_ws(', ',
        string_agg(
            CASE
                WHEN r.writer = 'app' THEN 'applications'
                WHEN r.writer = 'agents' THEN 'agents (rows of their own)'
                WHEN r.writer LIKE 'agent:%' THEN 'agent ' || agentry.fold_name(substr(r.writer, 7))
                ELSE 'agents of domain ' || btrim(substr(r.writer, 8))
            END
            || CASE WHEN cardinality(r.commands) < 3 THEN ' (' || array_to_string(r.commands, ', ') || ')' ELSE '' END
            || coalesce(' (' || r.note || ')', ''),
            ', ' ORDER BY r.writer COLLATE "C"),
        'administrators')
    FROM agentry.access_rules AS r
    WHERE r.table_name = p_table
$_describe_rules$;

COMMENT ON FUNCTION agentry._describe_rules(regclass) IS 'Who may write a table, in words.';
