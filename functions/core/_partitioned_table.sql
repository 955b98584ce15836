-- _partitioned_table(name) -> oid, schema, name, time_column, default_partition: a table partitioned by range of one
-- timestamptz column
-- Raises undefined_table, wrong_object_type.
CREATE OR REPLACE FUNCTION agentry._partitioned_table(
    p_table_name          text,
    OUT oid               oid,
    OUT schema            name,
    OUT name              name,
    OUT time_column       name,
    OUT default_partition regclass
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_partitioned_table$
BEGIN
    SELECT c.oid, n.nspname, c.relname, a.attname, nullif(p.partdefid, 0)::regclass
    INTO oid, schema, name, time_column, default_partition
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_partitioned_table AS p ON p.partrelid = c.oid AND p.partstrat = 'r' AND p.partnatts = 1
    LEFT JOIN pg_attribute AS a
           ON a.attrelid = c.oid AND a.attnum = p.partattrs[0] AND a.atttypid = 'timestamptz'::regtype
    WHERE c.oid = to_regclass(p_table_name);
    IF oid IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_table',
            MESSAGE = format('table %s does not exist', coalesce(quote_literal(p_table_name), 'NULL')),
            HINT    = 'Name it with its schema.';
    END IF;
    IF time_column IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('table %s is not partitioned by time', p_table_name),
            HINT    = 'Make it PARTITION BY RANGE of one timestamptz column.';
    END IF;
END;
$_partitioned_table$;

COMMENT ON FUNCTION agentry._partitioned_table(text) IS
    'A table that is partitioned by range of one timestamptz column.';
