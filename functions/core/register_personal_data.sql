-- register_personal_data(table, subject columns, erase action [, function, order]) -> void
-- Says which columns of a table name an agent or a user and what forget() does with such rows.  Repeatable.  For the
-- owner.
-- Raises undefined_column, datatype_mismatch, invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry.register_personal_data(
    p_table           regclass,
    p_subject_columns jsonb,
    p_erase_action    text         DEFAULT 'delete',
    p_erase_function  regprocedure DEFAULT NULL,
    p_order           integer      DEFAULT 100
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $register_personal_data$
DECLARE
    v_column record;
    v_types  regtype[];
BEGIN
    IF p_table IS NULL
       OR jsonb_typeof(p_subject_columns) IS DISTINCT FROM 'object'
       OR (p_subject_columns = '{}') <> (p_erase_action IS NOT DISTINCT FROM 'none')
       OR coalesce(p_erase_action NOT IN ('delete', 'clear', 'function', 'keep', 'none'), true)
       OR (p_erase_function IS NULL) = (p_erase_action = 'function')
       OR EXISTS (SELECT
                  FROM jsonb_each_text(p_subject_columns) AS c (name, subject)
                  WHERE c.subject IS NULL OR c.subject NOT IN ('agent_id', 'agent_name', 'user_id', 'subject_id')) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('how table %s is erased is not clear', p_table),
            DETAIL  = format('columns: %s, action: %L, function: %s',
                             p_subject_columns, p_erase_action, coalesce(p_erase_function::text, 'NULL')),
            HINT    = 'Pass {"column": "agent_id" | "agent_name" | "user_id" | "subject_id"} and delete, clear, keep, '
                      'or function with a function; {} and none for a table that names nobody.';
    END IF;
    IF p_erase_action IN ('delete', 'clear')
       AND agentry._column_type(p_table, 'org_id') IS DISTINCT FROM 'uuid'::regtype THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_column',
            MESSAGE = format('table %s has no column org_id', p_table),
            DETAIL  = format('Action %s erases rows of one organisation.', p_erase_action),
            HINT    = 'Add org_id uuid NOT NULL, or register a function that knows the rows.';
    END IF;
    FOR v_column IN SELECT c.name, c.subject FROM jsonb_each_text(p_subject_columns) AS c (name, subject) LOOP
        IF agentry._column_type(p_table, v_column.name) IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_column',
                MESSAGE = format('table %s has no column %s', p_table, v_column.name),
                DETAIL  = format('columns: %s', p_subject_columns),
                HINT    = 'Name a column of the table.';
        END IF;
        v_types := CASE v_column.subject WHEN 'agent_name' THEN '{text,text[]}'::regtype[] ELSE '{uuid,uuid[]}' END;
        IF agentry._column_type(p_table, v_column.name) <> ALL (v_types) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'datatype_mismatch',
                MESSAGE = format('column %s of table %s cannot hold %s', v_column.name, p_table, v_column.subject),
                DETAIL  = format('It is of type %s.', agentry._column_type(p_table, v_column.name)),
                HINT    = format('A column with %s is of type %s.', v_column.subject,
                                 array_to_string(v_types, ' or '));
        END IF;
        IF p_erase_action = 'clear' AND EXISTS (
            SELECT
            FROM pg_attribute AS a
            WHERE a.attrelid = p_table
              AND a.attname = v_column.name
              AND a.attnotnull
              AND a.atttypid NOT IN ('text[]'::regtype, 'uuid[]'::regtype)) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('column %s of table %s cannot be cleared', v_column.name, p_table),
                DETAIL  = 'It is NOT NULL.',
                HINT    = 'Delete the rows, register a function, or let the column be NULL.';
        END IF;
    END LOOP;
    -- what is registered already stays untouched, so that a repeated install writes nothing into the audit log
    DELETE FROM agentry.personal_data AS d
    WHERE d.table_name = p_table AND (d.column_name = '') <> (p_subject_columns = '{}');
    INSERT INTO agentry.personal_data AS d (table_name, column_name, subject, erase_action, erase_function, "order")
    SELECT p_table, c.name, c.subject, p_erase_action, p_erase_function, p_order
    FROM (SELECT j.key, j.value FROM jsonb_each_text(p_subject_columns) AS j
          UNION ALL
          SELECT '', NULL WHERE p_subject_columns = '{}') AS c (name, subject)
    ON CONFLICT (table_name, column_name) DO UPDATE
    SET subject = excluded.subject, erase_action = excluded.erase_action, erase_function = excluded.erase_function,
        "order" = excluded."order"
    WHERE (d.subject, d.erase_action, d.erase_function, d."order")
          IS DISTINCT FROM (excluded.subject, excluded.erase_action, excluded.erase_function, excluded."order");
END;
$register_personal_data$;

COMMENT ON FUNCTION agentry.register_personal_data(regclass, jsonb, text, regprocedure, integer) IS
    'Says which columns of a table name an agent or a user, as {"column": "agent_id" | "agent_name" | "user_id" | '
    '"subject_id"} (subject_id: the id of either), and what agentry.forget() does: delete the row, clear the column '
    '(NULL; within an array, *forgotten* or nothing), keep (an id that names nobody any more), or function (of '
    'organisation and subject as jsonb; returns how many rows it erased).  {} and none: the table names nobody.  For '
    'the owner of agentry, who must own the table too.  Raises undefined_column, datatype_mismatch, '
    'invalid_parameter_value.';
