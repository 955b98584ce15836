-- remember_all(memories) -> ids
-- A batch, all or nothing, stored by one statement: a JSON array of objects with the arguments of remember() less p_;
-- content is a text or an object, embedding an array of numbers.  Ids come back in the order of the array.
-- Raises what remember() raises; invalid_parameter_value names the position of a bad object.
CREATE OR REPLACE FUNCTION agentry_memory.remember_all(p_memories jsonb)
RETURNS uuid[]
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $remember_all$
DECLARE
    v_given  text[];
    v_agents uuid[] := '{}';
    v_actor  record;
    v_names  text[];
    v_named  uuid[] := '{}';
    v_people text[];
    v_users  uuid[] := '{}';
    v_ids    uuid[];
    v_new    boolean[];
    v_table  text;
    v_column text;
    v_rule   text;
    v_hint   text;
BEGIN
    PERFORM agentry._check_batch(
        p_memories, '{content}',
        '{agent,memory_type,importance,emotional_relevance,tags,related_agents,related_users,location,session,'
        'session_order,occurred_at,expires_at,pinned,decay_rate,scope,metadata,source_kind,source_id,embedding,'
        'idempotency_key}');
    PERFORM agentry._check_types(
        p_memories,
        '{"importance": "real", "emotional_relevance": "real", "decay_rate": "real", "session_order": "bigint", '
        '"occurred_at": "timestamptz", "expires_at": "timestamptz", "pinned": "boolean", "tags": "array", '
        '"related_agents": "array", "related_users": "array"}');
    v_given := ARRAY(SELECT DISTINCT m.agent FROM agentry_memory._read_memories(p_memories) AS m);
    IF v_given = '{}' THEN
        RETURN ARRAY[]::uuid[];
    END IF;
    FOR i IN 1 .. cardinality(v_given) LOOP
        v_actor := agentry._actor(v_given[i]);
        v_agents[i] := v_actor.agent_id;
    END LOOP;
    v_names := ARRAY(SELECT DISTINCT unnest(m.related_agents) FROM agentry_memory._read_memories(p_memories) AS m);
    FOR i IN 1 .. cardinality(v_names) LOOP
        v_named[i] := (agentry_memory._related_agents(v_names[i:i]))[1];
    END LOOP;
    v_people := ARRAY(SELECT DISTINCT unnest(m.related_users) FROM agentry_memory._read_memories(p_memories) AS m);
    FOR i IN 1 .. cardinality(v_people) LOOP
        v_users[i] := (agentry_memory._related_users(v_people[i:i]))[1];
    END LOOP;

    v_ids := ARRAY(SELECT agentry.uuidv7() FROM generate_series(1, jsonb_array_length(p_memories)));
    INSERT INTO agentry_memory.agent_memories (
        org_id, id, agent_id, user_id, team_id, scope, memory_type, content, importance, emotional_relevance,
        decay_rate, tags, related_agents, related_users, location, session, session_order, occurred_at, expires_at,
        pinned, metadata, source_kind, source_id, idempotency_key)
    SELECT v_actor.org_id, v_ids[m.n], a.agent_id, o.user_id, o.team_id, m.scope, m.memory_type, m.content,
           m.importance, m.emotional_relevance, m.decay_rate, m.tags,
           ARRAY(SELECT DISTINCT v_named[array_position(v_names, r.name)] FROM unnest(m.related_agents) AS r (name)),
           ARRAY(SELECT DISTINCT v_users[array_position(v_people, r.name)] FROM unnest(m.related_users) AS r (name)),
           m.location, m.session, m.session_order, m.occurred_at, m.expires_at, m.pinned, m.metadata, m.source_kind,
           m.source_id, m.idempotency_key
    FROM agentry_memory._read_memories(p_memories) AS m
    CROSS JOIN LATERAL (SELECT v_agents[array_position(v_given, m.agent)]) AS a (agent_id)
    LEFT JOIN LATERAL agentry_memory._scope_owners(v_actor.org_id, a.agent_id, m.scope) AS o ON m.scope <> 'agent'
    ORDER BY m.n
    ON CONFLICT (org_id, agent_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING;

    v_new := ARRAY(
        SELECT m.idempotency_key IS NULL OR EXISTS (SELECT
                                                    FROM agentry_memory.agent_memories AS e
                                                    WHERE e.org_id = v_actor.org_id AND e.id = v_ids[m.n])
        FROM agentry_memory._read_memories(p_memories) AS m
        ORDER BY m.n);
    IF false = ANY (v_new) THEN
        v_ids := ARRAY(
            SELECT CASE WHEN v_new[m.n] THEN v_ids[m.n]
                        ELSE agentry_memory._remembered_before(
                                 v_actor.org_id, v_agents[array_position(v_given, m.agent)], m.idempotency_key,
                                 m.memory_type, m.content, m.importance) END
            FROM agentry_memory._read_memories(p_memories) AS m
            ORDER BY m.n);
    END IF;
    PERFORM agentry_memory._embed_memories(v_actor.org_id, p_memories, v_ids, v_new);
    RETURN v_ids;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry_memory', v_table, v_column, v_rule, v_hint, p_memories);
        RAISE;
END;
$remember_all$;

COMMENT ON FUNCTION agentry_memory.remember_all(jsonb) IS
    'Remembers a JSON array of {content, agent, memory_type, importance, emotional_relevance, tags, related_agents, '
    'related_users, location, session, session_order, occurred_at, expires_at, pinned, decay_rate, scope, metadata, '
    'source_kind, source_id, embedding, idempotency_key}, all or nothing; content is a text or an object; returns the '
    'ids in order.  Raises what remember() raises; a bad object is named by its position (from 1).';
