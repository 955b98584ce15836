-- Keeps the semantic index exact: after each statement on a registered table the entries of the rows it wrote are as
-- the rows are.  One statement for all of them, so a bulk load costs little more than the index itself.
CREATE OR REPLACE FUNCTION agentry_memory._index_rows()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
SET gin_pending_list_limit = '64kB'
AS $_index_rows$
DECLARE
    v_source record;
    v_old    text;
    v_new    text;
    v_row    record;
    v_rows   bigint;
BEGIN
    SELECT s.source_id, s.query
    INTO v_source
    FROM agentry_memory.memory_sources AS s
    WHERE s.name = TG_ARGV[0];
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    v_old := replace(v_source.query, '{rows}', 'old_rows');
    v_new := replace(v_source.query, '{rows}', 'new_rows');
    -- What is not sorted into the index of terms yet is read by every recall.  Single rows leave little of it behind;
    -- for some more, sorting in such small portions would cost up to a quarter of their time; a load leaves nothing.
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        v_rows := (SELECT count(*) FROM (SELECT FROM new_rows LIMIT 1000) AS n);
        IF v_rows >= 5 THEN
            PERFORM set_config('gin_pending_list_limit', CASE v_rows WHEN 1000 THEN '64MB' ELSE '512kB' END, true);
        END IF;
    END IF;
    IF TG_OP = 'INSERT' THEN
        -- a statement that is made anew costs more than a few rows one by one
        IF v_rows < 5 THEN
            FOR v_row IN EXECUTE v_new LOOP
                PERFORM agentry_memory._put_entry(
                    v_source.source_id, v_row.org_id, v_row.row_id, v_row.owner_id, v_row.session, v_row.position,
                    v_row.occurred_at, v_row.expires_at, v_row.importance, v_row.emotion, v_row.confidence,
                    v_row.tags, v_row.content);
            END LOOP;
        ELSE
            EXECUTE agentry_memory._entries_sql(v_new, false) USING v_source.source_id;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        EXECUTE format(
            'DELETE FROM agentry_memory.memory_entries AS e USING (%s) AS o '
            'WHERE e.org_id = o.org_id AND e.source_id = $1 AND e.row_id = o.row_id AND NOT EXISTS (%s)',
            v_old, agentry_memory._kept_sql(v_new, 'o'))
        USING v_source.source_id;
        -- what the index does not need may change at no cost
        EXECUTE agentry_memory._entries_sql(
            format('SELECT * FROM (%s) AS n EXCEPT SELECT * FROM (%s) AS o', v_new, v_old), true)
        USING v_source.source_id;
    ELSIF TG_OP = 'DELETE' THEN
        EXECUTE format('DELETE FROM agentry_memory.memory_entries AS e USING (%s) AS o '
                       'WHERE e.org_id = o.org_id AND e.source_id = $1 AND e.row_id = o.row_id', v_old)
        USING v_source.source_id;
    ELSE
        DELETE FROM agentry_memory.memory_entries AS e WHERE e.source_id = v_source.source_id;
    END IF;
    IF v_rows = 1000 THEN
        PERFORM gin_clean_pending_list('agentry_memory.memory_entries_terms_idx');
    END IF;
    RETURN NULL;
END;
$_index_rows$;

COMMENT ON FUNCTION agentry_memory._index_rows() IS
    'Keeps the entries of a registered table; set by register_source().';
