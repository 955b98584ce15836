-- _store_raw(organisation, memories, ciphertexts) -> memory_ids: remember_raw_all() for a batch with the right keys
-- memories: a JSON array of objects, in which null is as good as nothing; ciphertexts: in the same order.
-- Raises what remember_raw() raises.
CREATE OR REPLACE FUNCTION agentry_memory._store_raw(p_org_id uuid, p_memories jsonb, p_encrypted bytea[])
RETURNS uuid[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_store_raw$
DECLARE
    v_row    record;
    v_owners jsonb := '{}';
    v_rows   jsonb;
    v_ids    uuid[];
    v_table  text;
    v_column text;
    v_rule   text;
    v_hint   text;
BEGIN
    SELECT b.n, b.reason
    INTO v_row
    FROM (SELECT m.n,
                 CASE
                     WHEN jsonb_typeof(m.value -> 'content') NOT IN ('string', 'null') THEN 'content is no text'
                     WHEN m.value ->> 'content' !~ '[^[:space:]]' THEN 'content is blank'
                     WHEN m.value ->> 'encrypted' IS NOT NULL AND p_encrypted[m.n] IS NULL
                         THEN 'encrypted is not hexadecimal'
                     WHEN (m.value ->> 'content' IS NULL) = (p_encrypted[m.n] IS NULL)
                         THEN 'it is neither a text nor a ciphertext, or both'
                     WHEN jsonb_typeof(m.value -> 'metadata') NOT IN ('object', 'null')
                         THEN 'metadata is no JSON object'
                     WHEN (m.value ->> 'created_at')::timestamptz < '1970-01-01 00:00+00'
                          OR (m.value ->> 'created_at')::timestamptz >= '10889-01-01 00:00+00'
                         THEN 'created_at is not within the years 1970 to 10888'
                 END AS reason
          FROM jsonb_array_elements(p_memories) WITH ORDINALITY AS m (value, n)) AS b
    WHERE b.reason IS NOT NULL
    ORDER BY b.n
    LIMIT 1;
    IF v_row.reason IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('raw memory %s is not right', v_row.n),
            DETAIL  = v_row.reason,
            HINT    = 'A raw memory is a text that is not blank, or a ciphertext (in JSON \x and hexadecimal digits); '
                      'metadata is a JSON object.';
    END IF;

    FOR v_row IN
        SELECT DISTINCT m.value ->> 'agent' AS agent, m.value ->> 'user' AS "user", m.value ->> 'team' AS team,
               m.value ->> 'scope' AS scope
        FROM jsonb_array_elements(p_memories) AS m (value)
    LOOP
        v_owners := v_owners || jsonb_build_object(
            jsonb_build_array(v_row.agent, v_row."user", v_row.team, v_row.scope)::text,
            to_jsonb(agentry_memory._raw_owner(v_row.agent, v_row."user", v_row.team, v_row.scope)));
    END LOOP;
    v_rows := (SELECT jsonb_agg(m.value - 'encrypted' || o.owner || jsonb_build_object(
                          'owner_id', coalesce(o.owner ->> 'agent_id', o.owner ->> 'user_id', o.owner ->> 'team_id',
                                               o.owner ->> 'org_id'),
                          'memory_id', agentry.uuidv7(t.created_at), 'created_at', t.created_at) ORDER BY m.n)
               FROM jsonb_array_elements(p_memories) WITH ORDINALITY AS m (value, n)
               CROSS JOIN LATERAL (
                   SELECT v_owners -> jsonb_build_array(m.value ->> 'agent', m.value ->> 'user', m.value ->> 'team',
                                                        m.value ->> 'scope')::text) AS o (owner)
               CROSS JOIN LATERAL (
                   SELECT date_trunc('milliseconds', coalesce((m.value ->> 'created_at')::timestamptz, now())))
                   AS t (created_at));

    -- whoever takes a key first stores the memory, others wait for its commit
    INSERT INTO agentry_memory.raw_memory_keys (org_id, owner_id, idempotency_key, memory_id)
    SELECT p_org_id, (r.value ->> 'owner_id')::uuid, r.value ->> 'idempotency_key', (r.value ->> 'memory_id')::uuid
    FROM jsonb_array_elements(v_rows) WITH ORDINALITY AS r (value, n)
    WHERE r.value ->> 'idempotency_key' IS NOT NULL
    ORDER BY 2, 3, r.n
    ON CONFLICT DO NOTHING;
    v_ids := ARRAY(
        SELECT coalesce(k.memory_id, (r.value ->> 'memory_id')::uuid)
        FROM jsonb_array_elements(v_rows) WITH ORDINALITY AS r (value, n)
        LEFT JOIN agentry_memory.raw_memory_keys AS k
            ON k.org_id = p_org_id
            AND k.owner_id = (r.value ->> 'owner_id')::uuid
            AND k.idempotency_key = r.value ->> 'idempotency_key'
        ORDER BY r.n);
    INSERT INTO agentry_memory.raw_memories (
        org_id, memory_id, created_at, agent_id, user_id, team_id, scope, content_type, content, encrypted, key_ref,
        metadata, session, session_order, idempotency_key)
    SELECT p_org_id, r.memory_id, r.created_at, r.agent_id, r.user_id, r.team_id, r.scope,
           coalesce(r.content_type, 'text'), r.content, p_encrypted[r.n], r.key_ref, coalesce(r.metadata, '{}'),
           r.session, r.session_order, r.idempotency_key
    FROM ROWS FROM (jsonb_to_recordset(v_rows) AS (
             memory_id uuid, created_at timestamptz, agent_id uuid, user_id uuid, team_id uuid, scope text,
             content_type text, content text, key_ref text, metadata jsonb, session text, session_order bigint,
             idempotency_key text)) WITH ORDINALITY AS r (
             memory_id, created_at, agent_id, user_id, team_id, scope, content_type, content, key_ref, metadata,
             session, session_order, idempotency_key, n)
    WHERE v_ids[r.n] = r.memory_id;

    FOR v_row IN
        SELECT r.n, r.value, m.value ->> 'created_at' IS NOT NULL AS has_time
        FROM jsonb_array_elements(v_rows) WITH ORDINALITY AS r (value, n)
        JOIN jsonb_array_elements(p_memories) WITH ORDINALITY AS m (value, n) ON m.n = r.n
        WHERE v_ids[r.n] <> (r.value ->> 'memory_id')::uuid
    LOOP
        IF NOT agentry_memory._is_same_raw(p_org_id, v_ids[v_row.n], v_row.value, p_encrypted[v_row.n],
                                           v_row.has_time) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'unique_violation',
                MESSAGE = format('idempotency key %L was used for another raw memory',
                                 v_row.value ->> 'idempotency_key'),
                DETAIL  = format('Raw memory %s has it, with other content.', v_ids[v_row.n]),
                HINT    = 'Use a new key for a new memory.';
        END IF;
    END LOOP;
    RETURN v_ids;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry_memory', v_table, v_column, v_rule, v_hint, p_memories);
        RAISE;
END;
$_store_raw$;

COMMENT ON FUNCTION agentry_memory._store_raw(uuid, jsonb, bytea[]) IS
    'Stores raw memories and returns their ids in order.';
