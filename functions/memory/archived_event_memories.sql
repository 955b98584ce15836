-- archived_event_memories([since, until]) -> events of retired months
-- Those from since on and before until that the caller reads, by the rule of the live table; nobody reads none.  Reads
-- each retired month by its key, so bounds are worth giving.
CREATE OR REPLACE FUNCTION agentry_memory.archived_event_memories(
    p_since timestamptz DEFAULT '-infinity',
    p_until timestamptz DEFAULT 'infinity'
)
RETURNS TABLE (
    org_id            uuid,
    event_id          uuid,
    "timestamp"       timestamptz,
    memory_id         uuid,
    memory_created_at timestamptz,
    ordinal           integer,
    agent_id          uuid,
    user_id           uuid,
    team_id           uuid,
    scope             text,
    readers           uuid[],
    actor             text,
    action            text,
    target            text,
    quantity          numeric,
    unit              text,
    confidence        real,
    extractor_version text,
    source            text,
    metadata          jsonb,
    created_at        timestamptz,
    updated_at        timestamptz
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $archived_event_memories$
DECLARE
    v_org_id  uuid   := (agentry._me()).org_id;
    -- NULL: all of the organisation
    v_readers uuid[] := CASE WHEN NOT agentry.sees_organisation() THEN agentry.current_readers() END;
    v_part    regclass;
BEGIN
    IF v_org_id IS NULL THEN
        RETURN;
    END IF;
    FOR v_part IN SELECT agentry_memory._archive_of('agentry_memory.event_memories') LOOP
        RETURN QUERY EXECUTE format(
            'SELECT e.org_id, e.event_id, e."timestamp", e.memory_id, e.memory_created_at, e.ordinal, e.agent_id, '
            'e.user_id, e.team_id, e.scope, e.readers, e.actor, e.action, e.target, e.quantity, e.unit, e.confidence, '
            'e.extractor_version, e.source, e.metadata, e.created_at, e.updated_at '
            'FROM %s AS e '
            'WHERE e.org_id = $1 AND e."timestamp" >= $2 AND e."timestamp" < $3 '
            'AND ($4 IS NULL OR e.readers && $4)',
            v_part)
        USING v_org_id, p_since, p_until, v_readers;
    END LOOP;
END;
$archived_event_memories$;

COMMENT ON FUNCTION agentry_memory.archived_event_memories(timestamptz, timestamptz) IS
    'Events of retired months, from since on and before until, as far as the caller would read them in '
    'agentry_memory.event_memories.';
