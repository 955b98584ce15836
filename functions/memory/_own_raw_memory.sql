-- _own_raw_memory(memory_id, lock) -> org_id, part, created_at, agent_id, user_id, team_id, scope, redacted_at, key
-- A raw memory that the caller may change: an agent its own, a user that of itself or of one of its agents,
-- applications and administrators any of their organisation; part: where it is, agentry_memory.raw_memories or a
-- retired month.  Locks the row, as lock says (FOR UPDATE, FOR NO KEY UPDATE).
-- Raises undefined_object where the caller reads none of that id, insufficient_privilege, and what _caller() raises.
CREATE OR REPLACE FUNCTION agentry_memory._own_raw_memory(
    p_memory_id     uuid,
    p_lock          text,
    OUT org_id      uuid,
    OUT part        regclass,
    OUT created_at  timestamptz,
    OUT agent_id    uuid,
    OUT user_id     uuid,
    OUT team_id     uuid,
    OUT scope       text,
    OUT redacted_at timestamptz,
    OUT key         text
)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_own_raw_memory$
DECLARE
    v_me     record := agentry._caller();
    v_agents uuid[] := ARRAY(SELECT a.id
                             FROM agentry.agents AS a
                             WHERE a.org_id = v_me.org_id AND v_me.kind = 'user' AND a.user_id = v_me.user_id);
    v_parts  regclass[];
BEGIN
    org_id := v_me.org_id;
    part   := 'agentry_memory.raw_memories';
    WHILE part IS NOT NULL LOOP
        EXECUTE format(
            'SELECT r.created_at, r.agent_id, r.user_id, r.team_id, r.scope, r.redacted_at, '
            'r.idempotency_key FROM %s AS r '
            'WHERE r.org_id = $1 AND r.memory_id = $2 AND r.created_at = $3 '
            'AND ($4 OR r.readers && $5 OR r.agent_id = ANY ($6)) %s', part, p_lock)
        INTO created_at, agent_id, user_id, team_id, scope, redacted_at, key
        USING v_me.org_id, p_memory_id, agentry.uuidv7_time(p_memory_id), agentry.sees_organisation(),
              agentry.current_readers(), v_agents;
        EXIT WHEN created_at IS NOT NULL;
        v_parts := coalesce(v_parts, ARRAY(SELECT agentry_memory._archive_of('agentry_memory.raw_memories')));
        part    := v_parts[1];
        v_parts := v_parts[2:];
    END LOOP;
    IF created_at IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('raw memory %s does not exist', coalesce(p_memory_id::text, 'NULL')),
            HINT    = 'Raw memories stand in agentry_memory.v_raw_memories_all.';
    END IF;
    IF (CASE v_me.kind WHEN 'app' THEN false WHEN 'admin' THEN false
                       WHEN 'agent' THEN agent_id IS DISTINCT FROM v_me.agent_id
                       WHEN 'user' THEN user_id IS DISTINCT FROM v_me.user_id
                                        AND (agent_id = ANY (v_agents)) IS NOT TRUE
                       ELSE true END) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('raw memory %s is not that of %s', p_memory_id, concat_ws(' ', v_me.kind, v_me.agent)),
            DETAIL  = 'An agent changes its own, a user those of itself and of its agents, an application any of its '
                      'organisation.',
            HINT    = 'Ask the agent or user it belongs to, or an application.';
    END IF;
END;
$_own_raw_memory$;

COMMENT ON FUNCTION agentry_memory._own_raw_memory(uuid, text) IS
    'A raw memory that the caller may change, locked, and where it is.';
