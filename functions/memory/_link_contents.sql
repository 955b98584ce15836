-- _link_contents(kind, ids) -> id, content
-- What people read of rows that are linked, as far as the caller may read them; of those in the archive as the semantic
-- index has it.
CREATE OR REPLACE FUNCTION agentry_memory._link_contents(p_kind text, p_ids uuid[])
RETURNS TABLE (id uuid, content text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_link_contents$
DECLARE
    v_kind record;
    v_rest text[];
BEGIN
    SELECT k.table_name, k.id_column, k.time_column, k.content
    INTO v_kind
    FROM agentry_memory.memory_link_kinds AS k
    WHERE k.kind = p_kind;
    v_rest := p_ids::text[];
    FOR id, content IN EXECUTE format(
        'SELECT t.%I, (%s)::text FROM %s AS t WHERE t.org_id = $1 AND t.%1$I = ANY ($2)%4$s', v_kind.id_column,
        v_kind.content, v_kind.table_name,
        CASE WHEN v_kind.time_column IS NOT NULL THEN
            format(' AND t.%I >= (SELECT min(agentry.uuidv7_time(i)) FROM unnest($2) AS i) '
                   'AND t.%1$I < (SELECT max(agentry.uuidv7_time(i, 1)) FROM unnest($2) AS i)', v_kind.time_column) END)
        USING agentry.current_org_id(), p_ids
    LOOP
        v_rest := array_remove(v_rest, id::text);
        RETURN NEXT;
    END LOOP;
    -- of a month in the archive
    RETURN QUERY
    SELECT e.row_id::uuid, e.content
    FROM agentry_memory.memory_sources AS s
    JOIN agentry_memory.memory_entries AS e ON e.org_id = agentry.current_org_id() AND e.source_id = s.source_id
    WHERE s.table_name = v_kind.table_name AND e.row_id = ANY (v_rest);
END;
$_link_contents$;

COMMENT ON FUNCTION agentry_memory._link_contents(text, uuid[]) IS
    'What people read of rows that are linked, as far as the caller may read them.';
