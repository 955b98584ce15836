-- _register_link_kind(kind, table, content [, id column, time column])
-- Lets the rows of a table be linked; modules call it at install.  Triggers on the table take links away with their
-- rows, and let them be seen by those who see their rows.  Repeatable.  Locks the table.
CREATE OR REPLACE FUNCTION agentry_memory._register_link_kind(
    p_kind        text,
    p_table       regclass,
    p_content     text,
    p_id_column   name DEFAULT 'id',
    p_time_column name DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $_register_link_kind$
DECLARE
    v_event text;
BEGIN
    INSERT INTO agentry_memory.memory_link_kinds AS k (kind, table_name, id_column, time_column, content)
    VALUES (p_kind, p_table, p_id_column, p_time_column, p_content)
    ON CONFLICT (kind) DO UPDATE
    SET table_name = excluded.table_name, id_column = excluded.id_column, time_column = excluded.time_column,
        content = excluded.content
    WHERE (k.table_name, k.id_column, k.time_column, k.content)
          IS DISTINCT FROM (excluded.table_name, excluded.id_column, excluded.time_column, excluded.content);
    FOREACH v_event IN ARRAY '{update,delete,truncate}'::text[] LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT '
            'EXECUTE FUNCTION agentry_memory._follow_links(%L, %L)',
            'agentry_75_links_' || v_event, upper(v_event), p_table,
            CASE v_event WHEN 'update' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
                         WHEN 'delete' THEN 'REFERENCING OLD TABLE AS old_rows' END,
            p_kind, p_id_column);
    END LOOP;
    IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = p_table AND c.relkind = 'p') THEN
        INSERT INTO agentry.partition_hooks (table_name, before_drop)
        VALUES (p_table, 'agentry_memory._unlink_month(regclass,regclass)')
        ON CONFLICT DO NOTHING;
    END IF;
END;
$_register_link_kind$;

COMMENT ON FUNCTION agentry_memory._register_link_kind(text, regclass, text, name, name) IS
    'Lets the rows of a table be linked: its kind, an SQL expression over a row called t for what people read of it, '
    'the column with its id, and that by which a monthly table is partitioned; modules call it at install.';
