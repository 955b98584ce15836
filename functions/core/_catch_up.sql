-- _catch_up(table, staged tables, months, snapshot): brings copies of the default partition up to date with what was written to it
-- since the snapshot, or a little before.  A row that was changed has the id of a young transaction; a row that went is missed by
-- its key.
-- Raises object_not_in_prerequisite_state for a table without primary key.
CREATE OR REPLACE FUNCTION agentry._catch_up(
    p_table  oid,
    p_staged text[],
    p_months timestamptz[],
    p_since  pg_snapshot
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $_catch_up$
DECLARE
    v_table  record := agentry._partitioned_table(p_table::regclass::text);
    v_age    bigint := pg_current_xact_id()::text::bigint - pg_snapshot_xmin(p_since)::text::bigint;
    v_young  text   := format('age(d.xmin) <= %s', v_age);
    v_key    text;
    v_change boolean;
BEGIN
    EXECUTE format(
        'SELECT bool_or(%s) OR count(*) FILTER (WHERE isfinite(d.%I)) <> (%s) FROM %s AS d',
        v_young, v_table.time_column,
        (SELECT string_agg('(SELECT count(*) FROM ' || s || ')', ' + ') FROM unnest(p_staged) AS s),
        v_table.default_partition)
    INTO v_change;
    IF v_change IS NOT TRUE THEN
        RETURN;
    END IF;
    SELECT string_agg(format('d.%I = s.%1$I', a.attname), ' AND ')
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
    FOR v_i IN 1..cardinality(p_staged) LOOP
        EXECUTE format('DELETE FROM %s AS s WHERE NOT EXISTS (SELECT FROM %s AS d WHERE %s AND NOT %s)',
                       p_staged[v_i], v_table.default_partition, v_key, v_young);
        PERFORM agentry._copy_month(p_table, p_staged[v_i], p_months[v_i], v_young);
    END LOOP;
END;
$_catch_up$;

COMMENT ON FUNCTION agentry._catch_up(oid, text[], timestamptz[], pg_snapshot) IS
    'Brings copies of the default partition up to date.';
