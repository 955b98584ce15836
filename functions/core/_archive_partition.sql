-- _archive_partition(table, name of the table it was a partition of, month): moves a detached month to schema
-- agentry_archive
-- Raises insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry._archive_partition(p_partition regclass, p_table name, p_month date)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_archive_partition$
DECLARE
    v_owner  name;
    v_schema name;
    v_name   text;
    v_index  regclass;
BEGIN
    SELECT pg_get_userbyid(c.relowner), n.nspname, c.relname
    INTO v_owner, v_schema, v_name
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = p_partition;
    IF to_regnamespace('agentry_archive') IS NULL THEN
        IF NOT has_database_privilege(current_database(), 'CREATE') THEN
            RAISE EXCEPTION USING
                ERRCODE = 'insufficient_privilege',
                MESSAGE = 'there is no schema agentry_archive, and it cannot be made',
                DETAIL  = format('Role %s may not create schemas in this database.', current_user),
                HINT    = format('CREATE SCHEMA agentry_archive AUTHORIZATION %I;', v_owner);
        END IF;
        EXECUTE format('CREATE SCHEMA agentry_archive AUTHORIZATION %I', v_owner);
    END IF;
    IF to_regclass(format('agentry_archive.%I', v_name)) IS NOT NULL THEN
        v_name := agentry._partition_name('agentry_archive', p_table, p_month);
        EXECUTE format('ALTER TABLE %s RENAME TO %I', p_partition, v_name);
    END IF;
    FOR v_index IN
        SELECT i.indexrelid::regclass
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE i.indrelid = p_partition AND to_regclass(format('agentry_archive.%I', c.relname)) IS NOT NULL
    LOOP
        EXECUTE format('ALTER INDEX %s RENAME TO %I', v_index, 'archived_' || v_index::oid);
    END LOOP;
    EXECUTE format('ALTER TABLE %I.%I SET SCHEMA agentry_archive', v_schema, v_name);
END;
$_archive_partition$;

COMMENT ON FUNCTION agentry._archive_partition(regclass, name, date) IS
    'Moves a detached month to schema agentry_archive.';
