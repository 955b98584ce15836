-- register_personal_data(table, subject columns, erase action [, function, order]) -> void
-- Says which columns of a table name an agent or a user and what forget() does with such rows.  Repeatable.  For the owner.
-- Raises undefined_column, invalid_parameter_value.
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
BEGIN
    IF jsonb_typeof(p_subject_columns) IS DISTINCT FROM 'object'
       OR (p_subject_columns = '{}') <> (p_erase_action IS NOT DISTINCT FROM 'none')
       OR coalesce(p_erase_action NOT IN ('delete', 'clear', 'function', 'keep', 'none'), true)
       OR (p_erase_function IS NULL) = (p_erase_action = 'function') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('how table %s is erased is not clear', p_table),
            DETAIL  = format('columns: %s, action: %L, function: %s', p_subject_columns, p_erase_action, p_erase_function),
            HINT    = 'Pass {"column": "agent_id" | "agent_name" | "user_id"} and delete, clear, keep or function with a '
                      'function; {} and none for a table that names nobody.';
    END IF;
    DELETE FROM agentry.personal_data AS d WHERE d.table_name = p_table AND d.column_name = '';
    IF p_subject_columns = '{}' THEN
        INSERT INTO agentry.personal_data (table_name, column_name, erase_action) VALUES (p_table, '', 'none');
    END IF;
    FOR v_column IN SELECT c.key AS name, c.value AS subject FROM jsonb_each_text(p_subject_columns) AS c LOOP
        IF agentry._column_type(p_table, v_column.name) IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_column',
                MESSAGE = format('table %s has no column %s', p_table, v_column.name),
                HINT    = 'Name a column of the table.';
        END IF;
        INSERT INTO agentry.personal_data AS d (table_name, column_name, subject, erase_action, erase_function, "order")
        VALUES (p_table, v_column.name, v_column.subject, p_erase_action, p_erase_function, p_order)
        ON CONFLICT (table_name, column_name) DO UPDATE
        SET subject = excluded.subject, erase_action = excluded.erase_action, erase_function = excluded.erase_function,
            "order" = excluded."order";
    END LOOP;
END;
$register_personal_data$;

COMMENT ON FUNCTION agentry.register_personal_data(regclass, jsonb, text, regprocedure, integer) IS
    'Says which columns of a table name an agent or a user, as {"column": "agent_id" | "agent_name" | "user_id"}, and what '
    'agentry.forget() does: delete the row, clear the column, keep, or function (of organisation and subject).  {} and '
    'none: the table names nobody.  For the owner.  Raises undefined_column, invalid_parameter_value.';
