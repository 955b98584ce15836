-- register_source(name, table, content [, id, agent, user, team, scope, session, order, time, ...]) -> bigint
-- Makes the rows of a table recallable, those that are there and those that come; returns how many there are now.
-- Arguments from content on are SQL expressions over a row, which is called t.  Repeatable: with other expressions the
-- index is brought up to date.  Locks the table against writers until the transaction ends.  For the owner.
-- Raises invalid_parameter_value, undefined_column, undefined_table, datatype_mismatch, and what a wrong expression
-- raises.
CREATE OR REPLACE FUNCTION agentry_memory.register_source(
    p_name       text,
    p_table      regclass,
    p_content    text,
    p_id         text DEFAULT 'id',
    p_agent      text DEFAULT NULL,
    p_user       text DEFAULT NULL,
    p_team       text DEFAULT NULL,
    p_scope      text DEFAULT NULL,
    p_session    text DEFAULT NULL,
    p_order      text DEFAULT NULL,
    p_time       text DEFAULT NULL,
    p_importance text DEFAULT NULL,
    p_emotion    text DEFAULT NULL,
    p_confidence text DEFAULT NULL,
    p_tags       text DEFAULT NULL,
    p_expires    text DEFAULT NULL
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $register_source$
DECLARE
    v_expressions jsonb := jsonb_strip_nulls(jsonb_build_object(
        'content', p_content, 'id', p_id, 'agent', p_agent, 'user', p_user, 'team', p_team, 'scope', p_scope,
        'session', p_session, 'order', p_order, 'time', p_time, 'importance', p_importance, 'emotion', p_emotion,
        'confidence', p_confidence, 'tags', p_tags, 'expires', p_expires));
    v_query  text;
    v_source record;
    v_type   regtype;
    v_rows   text;
    v_event  text;
BEGIN
    IF coalesce(p_name !~ '^[a-z][a-z0-9_]{0,39}$', true) OR p_table IS NULL OR p_content IS NULL OR p_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a source needs a name, a table, an id and a text',
            DETAIL  = format('name: %L, table: %s, id: %L, content: %L', p_name, p_table, p_id, p_content),
            HINT    = 'A name is of lower case letters, digits and _, at most 40; id and content are SQL expressions.';
    END IF;
    IF agentry._column_type(p_table, 'org_id') IS DISTINCT FROM 'uuid'::regtype THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_column',
            MESSAGE = format('table %s has no column org_id of type uuid', p_table),
            HINT    = 'Each row belongs to an organisation: see agentry.guard_table().';
    END IF;
    v_query := agentry_memory._source_query(p_table, v_expressions);
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', p_table);
    -- a wrong expression fails here, before anything is kept
    EXECUTE agentry_memory._entries_sql(
        replace(v_query, '{rows}', format('(SELECT * FROM %s LIMIT 0)', p_table)), false)
    USING 0;

    SELECT s.source_id, s.table_name, s.query
    INTO v_source
    FROM agentry_memory.memory_sources AS s
    WHERE s.name = p_name;
    IF v_source.table_name <> p_table THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('source %s is another table', p_name),
            DETAIL  = format('It is %s.', v_source.table_name),
            HINT    = 'Take another name, or agentry_memory.unregister_source() first.';
    END IF;
    EXECUTE format('SELECT pg_typeof((SELECT (%s) FROM %s AS t LIMIT 0))', p_id, p_table) INTO v_type;
    -- a repeated install uses up no number
    IF v_source.source_id IS NULL THEN
        INSERT INTO agentry_memory.memory_sources (name, table_name, expressions, query, id_type)
        VALUES (p_name, p_table, v_expressions, v_query, v_type);
    ELSE
        UPDATE agentry_memory.memory_sources AS s
        SET expressions = v_expressions, query = v_query, id_type = v_type
        WHERE s.source_id = v_source.source_id
          AND (s.expressions, s.query, s.id_type) IS DISTINCT FROM (v_expressions, v_query, v_type);
    END IF;
    IF FOUND THEN
        SELECT s.source_id, s.table_name, s.query
        INTO v_source
        FROM agentry_memory.memory_sources AS s
        WHERE s.name = p_name;
        SELECT string_agg(replace(v_query, '{rows}', a.part::text), ' UNION ALL ')
        INTO v_rows
        FROM agentry._with_archive(p_table) AS a (part);
        EXECUTE format('DELETE FROM agentry_memory.memory_entries AS e '
                       'WHERE e.source_id = $1 AND NOT EXISTS (%s)', agentry_memory._kept_sql(v_rows, 'e'))
        USING v_source.source_id;
        EXECUTE agentry_memory._entries_sql(v_rows, true) USING v_source.source_id;
    END IF;
    FOREACH v_event IN ARRAY '{insert,update,delete,truncate}'::text[] LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT '
            'EXECUTE FUNCTION agentry_memory._index_rows(%L)',
            format('agentry_70_%s_%s', p_name, v_event), upper(v_event), p_table,
            CASE v_event WHEN 'insert' THEN 'REFERENCING NEW TABLE AS new_rows'
                         WHEN 'update' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
                         WHEN 'delete' THEN 'REFERENCING OLD TABLE AS old_rows' END,
            p_name);
    END LOOP;
    IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = p_table AND c.relkind = 'p') THEN
        INSERT INTO agentry.partition_hooks (table_name, before_drop)
        VALUES (p_table, 'agentry_memory._forget_month(regclass,regclass)')
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN (SELECT count(*) FROM agentry_memory.memory_entries AS e WHERE e.source_id = v_source.source_id);
END;
$register_source$;

COMMENT ON FUNCTION agentry_memory.register_source(text, regclass, text, text, text, text, text, text, text, text, text,
                                                   text, text, text, text, text) IS
    'Makes the rows of a table recallable and returns how many are; triggers keep the index exact from then on.  From '
    'content on the arguments are SQL expressions over a row called t.  content: the text; rows without one are left '
    'out.  id: unique in its organisation.  agent: id (uuid) or name (text); user, team: ids.  scope: organisation, '
    'team, user or agent [agent where there is one, else user, else organisation].  session: text; order: its order, a '
    'number or time [time].  time [when it was written].  importance, emotion, confidence: 0 to 1.  tags: text[].  '
    'expires: time.  Repeatable.  For the owner of the table.  Raises invalid_parameter_value, undefined_column, '
    'datatype_mismatch, and what a wrong expression raises.';
