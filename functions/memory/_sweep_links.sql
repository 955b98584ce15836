-- _sweep_links() -> bigint
-- Maintenance of links: takes away those of rows that went in a transaction that could not see them, as under
-- REPEATABLE READ.
CREATE OR REPLACE FUNCTION agentry_memory._sweep_links()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_sweep_links$
DECLARE
    v_count bigint;
BEGIN
    DELETE FROM agentry_memory.memory_links AS l
    WHERE NOT (agentry_memory._link_end(l.org_id, l.from_kind, l.from_id)).is_there
       OR NOT (agentry_memory._link_end(l.org_id, l.to_kind, l.to_id)).is_there;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$_sweep_links$;

COMMENT ON FUNCTION agentry_memory._sweep_links() IS 'Maintenance of links: takes away those of rows that are gone.';
