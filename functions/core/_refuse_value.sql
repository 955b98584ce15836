-- _refuse_value(schema, table, column, constraint, hint, given [, position]): the error of a CHECK or NOT NULL anew
-- For a handler of these two: names what was given and what is allowed, which stands in the comment of the constraint,
-- and shows no row.  Given: the arguments by the names of their columns; or an array of such objects, of which the
-- first that is wrong is named.  An error that has a hint is left as it is.
-- Raises check_violation, not_null_violation.
CREATE OR REPLACE FUNCTION agentry._refuse_value(
    p_schema     text,
    p_table      text,
    p_column     text,
    p_constraint text,
    p_hint       text,
    p_given      jsonb,
    p_position   bigint DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_value$
DECLARE
    v_table    regclass := to_regclass(format('%I.%I', p_schema, p_table));
    v_rule     record;
    v_given    jsonb    := p_given;
    v_position bigint   := p_position;
BEGIN
    -- comments stand at the partitioned table
    v_table := coalesce(pg_partition_root(v_table), v_table);
    SELECT ARRAY(SELECT a.attname::text
                 FROM pg_attribute AS a
                 WHERE a.attrelid = v_table AND a.attnum = ANY (r.columns)
                 ORDER BY a.attnum) AS columns,
           r.condition, r.hint
    INTO v_rule
    FROM (SELECT k.conkey AS columns, pg_get_expr(k.conbin, k.conrelid) AS condition,
                 coalesce(obj_description(k.oid, 'pg_constraint'), pg_get_constraintdef(k.oid)) AS hint
          FROM pg_constraint AS k
          WHERE k.conrelid = v_table AND k.conname = p_constraint AND k.contype = 'c'
          UNION ALL
          SELECT ARRAY[a.attnum], format('%I IS NOT NULL', a.attname),
                 format('%s: %s', a.attname, coalesce(col_description(v_table, a.attnum), a.atttypid::regtype::text))
          FROM pg_attribute AS a
          WHERE a.attrelid = v_table AND a.attname = p_column AND p_constraint = '') AS r;
    IF NOT FOUND OR p_hint <> '' THEN
        RETURN;
    END IF;
    IF jsonb_typeof(p_given) = 'array' THEN
        EXECUTE format(
            'SELECT o."#n", o."#value" FROM jsonb_array_elements($1) WITH ORDINALITY AS o ("#value", "#n") '
            'CROSS JOIN LATERAL (SELECT jsonb_object_agg(e.key, e.value) '
            'FROM jsonb_each(o."#value") AS e WHERE e.key = ANY ($2)) AS c ("#object") '
            'CROSS JOIN LATERAL jsonb_populate_record(NULL::%s, coalesce(c."#object", ''{}'')) AS r '
            'WHERE NOT (%s) ORDER BY o."#n" LIMIT 1', v_table, v_rule.condition)
        INTO v_position, v_given
        USING p_given, v_rule.columns;
        IF jsonb_array_length(p_given) = 1 THEN
            v_given    := p_given -> 0;
            v_position := NULL;
        END IF;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE    = CASE p_constraint WHEN '' THEN 'not_null_violation' ELSE 'check_violation' END,
        MESSAGE    = format('%s: %s',
                            coalesce('object ' || v_position || ' of the batch is not right', 'wrong value'),
                            coalesce((SELECT string_agg(format('%s = %s', c.name, coalesce(
                                                 quote_literal(left(v_given ->> c.name, 200)), 'NULL')), ', '
                                                 ORDER BY c.n)
                                      FROM unnest(v_rule.columns) WITH ORDINALITY AS c (name, n)
                                      WHERE v_given ? c.name),
                                     array_to_string(v_rule.columns, ', '))),
        DETAIL     = CASE p_constraint WHEN '' THEN format('It is never NULL in %s.', v_table)
                                       ELSE format('It breaks %I of %s.', p_constraint, v_table) END,
        HINT       = v_rule.hint,
        SCHEMA     = p_schema,
        TABLE      = (SELECT c.relname FROM pg_class AS c WHERE c.oid = v_table),
        COLUMN     = p_column,
        CONSTRAINT = p_constraint;
END;
$_refuse_value$;

COMMENT ON FUNCTION agentry._refuse_value(text, text, text, text, text, jsonb, bigint) IS
    'Raises the error of a CHECK or NOT NULL anew, with what was given and what is allowed.';
