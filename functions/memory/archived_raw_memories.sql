-- archived_raw_memories([since, until]) -> raw memories of retired months
-- Those from since on and before until that the caller reads, by the rule of the live table; nobody reads none.  Reads
-- each retired month by its key, so bounds are worth giving.
CREATE OR REPLACE FUNCTION agentry_memory.archived_raw_memories(
    p_since timestamptz DEFAULT '-infinity',
    p_until timestamptz DEFAULT 'infinity'
)
RETURNS TABLE (
    org_id           uuid,
    memory_id        uuid,
    created_at       timestamptz,
    agent_id         uuid,
    user_id          uuid,
    team_id          uuid,
    scope            text,
    readers          uuid[],
    content_type     text,
    content          text,
    encrypted        bytea,
    key_ref          text,
    metadata         jsonb,
    session          text,
    session_order    bigint,
    idempotency_key  text,
    redacted_at      timestamptz,
    redaction_reason text,
    updated_at       timestamptz
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $archived_raw_memories$
DECLARE
    v_org_id  uuid   := (agentry._me()).org_id;
    -- NULL: all of the organisation
    v_readers uuid[] := CASE WHEN NOT agentry.sees_organisation() THEN agentry.current_readers() END;
    v_part    regclass;
BEGIN
    IF v_org_id IS NULL THEN
        RETURN;
    END IF;
    FOR v_part IN SELECT agentry_memory._archive_of('agentry_memory.raw_memories') LOOP
        RETURN QUERY EXECUTE format(
            'SELECT r.org_id, r.memory_id, r.created_at, r.agent_id, r.user_id, r.team_id, r.scope, r.readers, '
            'r.content_type, r.content, r.encrypted, r.key_ref, r.metadata, r.session, r.session_order, '
            'r.idempotency_key, r.redacted_at, r.redaction_reason, r.updated_at '
            'FROM %s AS r '
            'WHERE r.org_id = $1 AND r.created_at >= $2 AND r.created_at < $3 AND ($4 IS NULL OR r.readers && $4)',
            v_part)
        USING v_org_id, p_since, p_until, v_readers;
    END LOOP;
END;
$archived_raw_memories$;

COMMENT ON FUNCTION agentry_memory.archived_raw_memories(timestamptz, timestamptz) IS
    'Raw memories of retired months, from since on and before until, as far as the caller would read them in '
    'agentry_memory.raw_memories.';
