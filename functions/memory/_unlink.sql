-- _unlink(kind, ids [, organisation]): takes away the links of rows that are gone
-- Without an organisation: of those ids that are gone in the organisation of the link.
CREATE OR REPLACE FUNCTION agentry_memory._unlink(p_kind text, p_ids uuid[], p_org_id uuid DEFAULT NULL)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_unlink$
    DELETE FROM agentry_memory.memory_links AS l
    WHERE l.from_id = ANY (p_ids)
      AND l.from_kind = p_kind
      AND CASE WHEN p_org_id IS NULL THEN NOT (agentry_memory._link_end(l.org_id, p_kind, l.from_id)).is_there
               ELSE l.org_id = p_org_id END;
    DELETE FROM agentry_memory.memory_links AS l
    WHERE l.to_id = ANY (p_ids)
      AND l.to_kind = p_kind
      AND CASE WHEN p_org_id IS NULL THEN NOT (agentry_memory._link_end(l.org_id, p_kind, l.to_id)).is_there
               ELSE l.org_id = p_org_id END;
$_unlink$;

COMMENT ON FUNCTION agentry_memory._unlink(text, uuid[], uuid) IS
    'Takes away the links of rows that are gone: of an organisation, or wherever they are gone.';
