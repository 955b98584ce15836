-- _refuse_referenced(partition, keys): refuses a month that a row elsewhere refers to by one of the keys of
-- _keys_into().  A key into a monthly table holds its time, and as a rule the organisation first: so the look-up is one
-- of the key's index for each organisation in the month, and takes no time where nobody else may write.
-- Raises foreign_key_violation.
CREATE OR REPLACE FUNCTION agentry._refuse_referenced(p_partition regclass, p_keys jsonb)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
AS $_refuse_referenced$
DECLARE
    v_month record;
    v_key   record;
    v_from  text;
    v_where text;
    v_found boolean;
    -- the organisations in the month, from one to the next by the index
    v_orgs  text :=
        '(WITH RECURSIVE orgs AS ('
        '(SELECT p.org_id FROM %1$s AS p ORDER BY p.org_id LIMIT 1) UNION ALL '
        'SELECT (SELECT p.org_id FROM %1$s AS p WHERE p.org_id > o.org_id ORDER BY p.org_id LIMIT 1) '
        'FROM orgs AS o WHERE o.org_id IS NOT NULL) SELECT * FROM orgs)';
BEGIN
    SELECT i.inhparent AS table_oid, m.from_time, m.to_time,
           (agentry._partitioned_table(i.inhparent::regclass::text)).time_column
    INTO v_month
    FROM pg_inherits AS i
    CROSS JOIN LATERAL agentry._partitions(i.inhparent) AS m
    WHERE i.inhrelid = p_partition AND m.partition = p_partition;
    FOR v_key IN
        SELECT k.conname, k.conrelid::regclass AS table_name,
               max(f.attname) FILTER (WHERE t.attname = v_month.time_column) AS time_column,
               max(f.attname) FILTER (WHERE t.attname = 'org_id') AS org_column,
               string_agg(format('f.%I IS NOT NULL', f.attname), ' AND ') AS complete
        FROM pg_constraint AS k
        CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS c (from_number, to_number)
        JOIN pg_attribute AS f ON f.attrelid = k.conrelid AND f.attnum = c.from_number
        JOIN pg_attribute AS t ON t.attrelid = k.confrelid AND t.attnum = c.to_number
        WHERE k.confrelid = v_month.table_oid
          AND k.contype = 'f'
          AND EXISTS (SELECT
                      FROM jsonb_array_elements(p_keys) AS j
                      WHERE j ->> 'table' = k.conrelid::regclass::text AND j ->> 'name' = k.conname)
        GROUP BY k.oid
    LOOP
        v_from  := '(SELECT)';
        v_where := v_key.complete;
        IF v_key.org_column IS NOT NULL THEN
            v_from  := format(v_orgs, p_partition);
            v_where := format('f.%I = o.org_id AND %s', v_key.org_column, v_key.complete);
        END IF;
        EXECUTE format(
            'SELECT EXISTS (SELECT FROM %s AS o CROSS JOIN LATERAL ('
            'SELECT FROM %s AS f WHERE %s AND f.%I >= %L AND f.%4$I < %6$L AND f.tableoid <> %7$s LIMIT 1) AS f)',
            v_from, v_key.table_name, v_where, v_key.time_column, v_month.from_time, v_month.to_time,
            p_partition::oid)
        INTO v_found;
        IF v_found THEN
            RAISE EXCEPTION USING
                ERRCODE = 'foreign_key_violation',
                MESSAGE = format('partition %s stays: its rows are still referenced', p_partition),
                DETAIL  = format('by key %s of table %s', v_key.conname, v_key.table_name),
                HINT    = 'Retire what refers to them first.';
        END IF;
    END LOOP;
END;
$_refuse_referenced$;

COMMENT ON FUNCTION agentry._refuse_referenced(regclass, jsonb) IS
    'Refuses a month whose rows are referred to from elsewhere.';
