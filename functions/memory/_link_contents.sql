-- _link_contents(kind, ids) -> id, content
-- What people read of rows that are linked, as far as the caller may read them.
CREATE OR REPLACE FUNCTION agentry_memory._link_contents(p_kind text, p_ids uuid[])
RETURNS TABLE (id uuid, content text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_link_contents$
DECLARE
    v_kind record;
BEGIN
    SELECT k.table_name, k.id_column, k.time_column, k.content
    INTO v_kind
    FROM agentry_memory.memory_link_kinds AS k
    WHERE k.kind = p_kind;
    RETURN QUERY EXECUTE format(
        'SELECT t.%I, (%s)::text FROM %s AS t WHERE t.org_id = $1 AND t.%1$I = ANY ($2)%4$s', v_kind.id_column,
        v_kind.content, v_kind.table_name,
        CASE WHEN v_kind.time_column IS NOT NULL THEN
            format(' AND t.%I >= (SELECT min(agentry.uuidv7_time(i)) FROM unnest($2) AS i) '
                   'AND t.%1$I < (SELECT max(agentry.uuidv7_time(i, 1)) FROM unnest($2) AS i)', v_kind.time_column) END)
    USING agentry.current_org_id(), p_ids;
END;
$_link_contents$;

COMMENT ON FUNCTION agentry_memory._link_contents(text, uuid[]) IS
    'What people read of rows that are linked, as far as the caller may read them.';
