-- _catch_up(table, copies, conditions, snapshot, count): brings copies of the default partition up to date with what
-- was written to it since the snapshot, or a little before.  A row that was changed has the id of a young transaction;
-- that a row went shows in the count.
-- Raises object_not_in_prerequisite_state for a table without primary key.
CREATE OR REPLACE FUNCTION agentry._catch_up(
    p_table      oid,
    p_copies     text[],
    p_conditions text[],
    p_since      pg_snapshot,
    p_count      bigint
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
-- few rows meet copies without statistics: by the index
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $_catch_up$
DECLARE
    v_table record := agentry._partitioned_table(p_table::regclass::text);
    v_count bigint := p_count;
    v_young bigint;
    v_total bigint;
    v_gone  bigint;
    v_key   text;
BEGIN
    EXECUTE format('CREATE TEMPORARY TABLE agentry_young ON COMMIT DROP AS '
                   'SELECT * FROM %s AS d WHERE age(d.xmin) <= %s',
                   v_table.default_partition,
                   pg_current_xact_id()::text::bigint - pg_snapshot_xmin(p_since)::text::bigint);
    GET DIAGNOSTICS v_young = ROW_COUNT;
    EXECUTE format('SELECT count(*) FROM %s', v_table.default_partition) INTO v_total;
    IF v_young > 0 OR v_total <> v_count THEN
        SELECT string_agg(format('d.%I = c.%1$I', a.attname), ' AND ')
        INTO v_key
        FROM pg_index AS i
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
        WHERE i.indrelid = p_table AND i.indisprimary;
        IF v_key IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('table %s has no primary key', v_table.name),
                HINT    = 'Without one its default partition is emptied only while nobody writes to it.';
        END IF;
        FOR v_i IN 1..cardinality(p_copies) LOOP
            EXECUTE format('DELETE FROM %s AS c USING pg_temp.agentry_young AS d WHERE %s', p_copies[v_i], v_key);
            GET DIAGNOSTICS v_gone = ROW_COUNT;
            v_count := v_count - v_gone
                       + agentry._copy_rows(p_table, 'pg_temp.agentry_young', p_copies[v_i], p_conditions[v_i]);
        END LOOP;
        IF v_total <> v_count THEN
            FOR v_i IN 1..cardinality(p_copies) LOOP
                EXECUTE format('DELETE FROM %s AS c WHERE NOT EXISTS (SELECT FROM %s AS d WHERE %s)',
                               p_copies[v_i], v_table.default_partition, v_key);
            END LOOP;
        END IF;
    END IF;
    DROP TABLE pg_temp.agentry_young;
END;
$_catch_up$;

COMMENT ON FUNCTION agentry._catch_up(oid, text[], text[], pg_snapshot, bigint) IS
    'Brings copies of the default partition up to date.';
