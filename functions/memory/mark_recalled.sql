-- mark_recalled(source, ids [, agent]) -> integer
-- Says that what recall() found was used: counts it, and its strength begins anew.  As the agent [whoever is asking];
-- what that may not recall is not counted.  Returns how many were.  Locks a row for each, in the order of the index.
-- Raises undefined_object and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_memory.mark_recalled(
    p_source text,
    p_ids    text[],
    p_agent  text DEFAULT NULL
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $mark_recalled$
DECLARE
    v_me     record      := agentry_memory._reading_as(p_agent);
    v_source record      := agentry_memory._source(p_source);
    v_now    timestamptz := agentry._clock();
    v_count  integer;
BEGIN
    INSERT INTO agentry_memory.memory_access AS a (org_id, entry_id, access_count, last_accessed)
    SELECT e.org_id, e.id, 1, v_now
    FROM agentry_memory.memory_entries AS e
    WHERE e.org_id = v_me.org_id
      AND e.source_id = v_source.source_id
      AND e.row_id = ANY (p_ids)
      AND (v_me.sees_all OR e.owner_id = ANY (v_me.readers))
      AND coalesce(e.expires_at > v_now, true)
    ORDER BY e.id
    ON CONFLICT (org_id, entry_id) DO UPDATE
    SET access_count = a.access_count + 1, last_accessed = greatest(a.last_accessed, excluded.last_accessed);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$mark_recalled$;

COMMENT ON FUNCTION agentry_memory.mark_recalled(text, text[], text) IS
    'Says that what recall() found was used, by its source and ids: counts it, and its strength begins anew; recall '
    'itself writes nothing.  As an agent [whoever is asking]; what that may not recall is not counted.  Returns how '
    'many were counted.  Raises undefined_object, insufficient_privilege.';
