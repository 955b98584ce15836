-- _source_query(table, expressions) -> text
-- What of the rows of a table the index needs, as a query in which {rows} stands for the rows.
-- Raises datatype_mismatch, and what a wrong expression raises.
CREATE OR REPLACE FUNCTION agentry_memory._source_query(p_table regclass, p_expressions jsonb)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_source_query$
DECLARE
    v_row    record;
    v_parts  jsonb := '{}';
    v_id_of  text;
    v_type   regtype;
BEGIN
    FOR v_row IN
        SELECT e.name, e.allowed, p_expressions ->> e.name AS expression
        FROM (VALUES
            ('id', NULL), ('content', NULL), ('agent', '{uuid,text}'), ('user', '{uuid}'), ('team', '{uuid}'),
            ('scope', '{text}'), ('session', NULL), ('order', '{smallint,integer,bigint,timestamptz}'),
            ('time', '{timestamptz}'), ('importance', '{real,float8,numeric}'), ('emotion', '{real,float8,numeric}'),
            ('confidence', '{real,float8,numeric}'), ('tags', '{text[]}'), ('expires', '{timestamptz}')
        ) AS e (name, allowed)
        WHERE p_expressions ? e.name
    LOOP
        EXECUTE format('SELECT pg_typeof((SELECT (%s) FROM %s AS t LIMIT 0))', v_row.expression, p_table) INTO v_type;
        IF v_row.allowed IS NOT NULL AND v_type <> ALL (v_row.allowed::regtype[]) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'datatype_mismatch',
                MESSAGE = format('the expression for %s is of type %s', v_row.name, v_type),
                DETAIL  = format('expression: %s', v_row.expression),
                HINT    = format('It is to be of type %s: cast it.',
                                 array_to_string(v_row.allowed::text[], ', ', 'NULL'));
        END IF;
        v_parts := v_parts || jsonb_build_object(
            v_row.name,
            CASE
                WHEN v_row.name = 'agent' AND v_type = 'text'::regtype THEN
                    format('(SELECT a.id FROM agentry.agents AS a '
                           'WHERE a.org_id = t.org_id AND a.name = agentry.fold_name(%s))', v_row.expression)
                WHEN v_row.name = 'order' AND v_type = 'timestamptz'::regtype THEN
                    format('(extract(epoch FROM %s) * 1000000)::bigint', v_row.expression)
                ELSE format('(%s)', v_row.expression)
            END);
    END LOOP;
    v_id_of := format('CASE %s WHEN ''organisation'' THEN t.org_id WHEN ''team'' THEN %s WHEN ''user'' THEN %s '
                      'WHEN ''agent'' THEN %s END',
                      coalesce(v_parts ->> 'scope',
                               CASE WHEN v_parts ? 'agent' THEN '''agent''' WHEN v_parts ? 'user' THEN '''user'''
                                    WHEN v_parts ? 'team' THEN '''team''' ELSE '''organisation''' END),
                      coalesce(v_parts ->> 'team', 'NULL::uuid'), coalesce(v_parts ->> 'user', 'NULL::uuid'),
                      coalesce(v_parts ->> 'agent', 'NULL::uuid'));
    RETURN format(
        'SELECT t.org_id, %s::text AS row_id, %s AS owner_id, %s::text AS session, %s::bigint AS position, '
        '%s::timestamptz AS occurred_at, %s::timestamptz AS expires_at, %s::real AS importance, %s::real AS emotion, '
        '%s::real AS confidence, %s::text[] AS tags, %s::text AS content FROM {rows} AS t',
        v_parts ->> 'id', v_id_of, coalesce(v_parts ->> 'session', 'NULL'),
        coalesce(v_parts ->> 'order', '(extract(epoch FROM ' || (v_parts ->> 'time') || ') * 1000000)', 'NULL'),
        coalesce(v_parts ->> 'time', 'NULL'), coalesce(v_parts ->> 'expires', 'NULL'),
        coalesce(v_parts ->> 'importance', 'NULL'), coalesce(v_parts ->> 'emotion', 'NULL'),
        coalesce(v_parts ->> 'confidence', 'NULL'), coalesce(v_parts ->> 'tags', 'NULL'), v_parts ->> 'content');
END;
$_source_query$;

COMMENT ON FUNCTION agentry_memory._source_query(regclass, jsonb) IS
    'What of the rows of a table the semantic index needs, as a query.';
