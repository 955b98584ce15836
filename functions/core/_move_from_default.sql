-- _move_from_default(table, partition, from, to): attaches a partition whose rows still lie in the default partition
-- A key into the table sees a row that is deleted from one partition as gone, even when another has it; of a row that an UPDATE
-- moves between partitions it looks at the whole table.  So the rows are copied, moved by UPDATE to a far time in a partition
-- of its own, and deleted there, where nothing refers to them.  The keys, deferred, then find the copies.
CREATE OR REPLACE FUNCTION agentry._move_from_default(
    p_table     regclass,
    p_partition regclass,
    p_from      timestamptz,
    p_to        timestamptz
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $_move_from_default$
DECLARE
    -- days, as adding them and taking them away again gives the same time
    v_far     interval := '72000000 days';
    v_table   record   := agentry._partitioned_table(p_table::text);
    v_parking text     := format('%I.%I', v_table.schema, left(v_table.name, 55) || '_moving');
    v_columns text;
    v_move    uuid     := agentry._open_way('move');
BEGIN
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
    INTO v_columns
    FROM pg_attribute AS a
    WHERE a.attrelid = p_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';

    SET CONSTRAINTS ALL DEFERRED;
    EXECUTE format('CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%L) TO (MAXVALUE)', v_parking, p_table, p_from + v_far);
    EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM %s WHERE %I >= $1 AND %4$I < $2',
                   p_partition, v_columns, v_table.default_partition, v_table.time_column)
    USING p_from, p_to;
    EXECUTE format('UPDATE %s SET %I = %2$I + $3 WHERE %2$I >= $1 AND %2$I < $2', p_table, v_table.time_column)
    USING p_from, p_to, v_far;
    EXECUTE format('DELETE FROM %s', v_parking);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', p_table, p_partition, p_from, p_to);
    SET CONSTRAINTS ALL IMMEDIATE;
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', p_table, v_parking);
    EXECUTE format('DROP TABLE %s', v_parking);
    PERFORM agentry._close_way(v_move);
END;
$_move_from_default$;

COMMENT ON FUNCTION agentry._move_from_default(regclass, regclass, timestamptz, timestamptz) IS
    'Attaches a partition and moves its rows out of the default partition.';
