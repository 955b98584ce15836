-- _is_same_event(organisation, event_id, timestamp, event, has_time) -> boolean: whether an event, in the archive too,
-- is what is asked to be recorded again
CREATE OR REPLACE FUNCTION agentry_memory._is_same_event(
    p_org_id uuid, p_event_id uuid, p_timestamp timestamptz, p_event jsonb, p_has_time boolean
)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_is_same_event$
DECLARE
    v_part regclass;
    v_same boolean;
BEGIN
    FOR v_part IN
        SELECT 'agentry_memory.event_memories'::regclass
        UNION ALL
        SELECT agentry_memory._archive_of('agentry_memory.event_memories')
    LOOP
        EXECUTE format(
            'SELECT (e.actor, e.quantity, e.unit, e.extractor_version) '
            'IS NOT DISTINCT FROM (g.actor, g.quantity, g.unit, g.extractor_version) '
            'AND (e.action, e.target, e.confidence, e.source, e.metadata) '
            '= (g.action, g.target, coalesce(g.confidence, 1), coalesce(g.source, ''manual''), '
            'coalesce(g.metadata, ''{}'')) '
            'AND (e."timestamp" = g."timestamp" OR NOT $5) '
            'FROM %s AS e CROSS JOIN jsonb_to_record($4) AS g (actor text, quantity numeric, unit text, '
            'extractor_version text, action text, target text, confidence real, source text, metadata jsonb, '
            '"timestamp" timestamptz) '
            'WHERE e.org_id = $1 AND e.event_id = $2 AND e."timestamp" = $3', v_part)
        INTO v_same
        USING p_org_id, p_event_id, p_timestamp, p_event, p_has_time;
        EXIT WHEN v_same IS NOT NULL;
    END LOOP;
    RETURN coalesce(v_same, false);
END;
$_is_same_event$;

COMMENT ON FUNCTION agentry_memory._is_same_event(uuid, uuid, timestamptz, jsonb, boolean) IS
    'Whether an event is what is asked to be recorded again.';
