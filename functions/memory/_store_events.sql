-- _store_events(organisation, events) -> event_ids: record_events() for a batch with the right keys
-- Raises what record_event() raises.
CREATE OR REPLACE FUNCTION agentry_memory._store_events(p_org_id uuid, p_events jsonb)
RETURNS uuid[]
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_store_events$
DECLARE
    v_row      record;
    v_memory   record;
    v_memories jsonb := '{}';
    v_rows     jsonb;
    v_ids      uuid[];
BEGIN
    SELECT b.n, b.reason
    INTO v_row
    FROM (SELECT m.n,
                 CASE
                     WHEN coalesce(m.value ->> 'action', '') !~ '[^[:space:]]'
                          OR coalesce(m.value ->> 'target', '') !~ '[^[:space:]]' THEN 'action or target is blank'
                     WHEN (m.value ->> 'quantity')::numeric <= 0 OR (m.value ->> 'quantity')::numeric >= 'Infinity'
                         THEN 'quantity is not a number above 0'
                     WHEN m.value ->> 'quantity' IS NULL AND m.value ->> 'unit' IS NOT NULL
                         THEN 'unit without a quantity'
                     WHEN (m.value ->> 'confidence')::real NOT BETWEEN 0 AND 1 THEN 'confidence is not within 0 and 1'
                     WHEN (m.value ->> 'ordinal')::integer < 1 THEN 'ordinal is not from 1 on'
                     WHEN NOT isfinite((m.value ->> 'timestamp')::timestamptz) THEN 'timestamp is infinite'
                     WHEN jsonb_typeof(m.value -> 'metadata') NOT IN ('object', 'null')
                         THEN 'metadata is no JSON object'
                 END AS reason
          FROM jsonb_array_elements(p_events) WITH ORDINALITY AS m (value, n)) AS b
    WHERE b.reason IS NOT NULL
    ORDER BY b.n
    LIMIT 1;
    IF v_row.reason IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('event %s is not right', v_row.n),
            DETAIL  = v_row.reason,
            HINT    = 'An event has an action and a target; a quantity is above 0 and may have a unit; confidence is 0 '
                      'to 1; metadata is a JSON object.';
    END IF;

    FOR v_row IN
        SELECT DISTINCT (m.value ->> 'memory_id')::uuid AS id
        FROM jsonb_array_elements(p_events) AS m (value)
        ORDER BY 1
    LOOP
        v_memory := agentry_memory._own_raw_memory(v_row.id, 'FOR NO KEY UPDATE');
        IF v_memory.part <> 'agentry_memory.raw_memories'::regclass OR v_memory.redacted_at IS NOT NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('raw memory %s is %s', v_row.id,
                                 CASE WHEN v_memory.redacted_at IS NULL THEN 'archived' ELSE 'redacted' END),
                DETAIL  = 'No event is recorded of it any more.',
                HINT    = 'Store what there is to say as a new memory.';
        END IF;
        v_memories := v_memories || jsonb_build_object(
            v_row.id::text,
            to_jsonb(v_memory) || jsonb_build_object(
                'last', (SELECT max(k.ordinal)
                         FROM agentry_memory.event_memory_keys AS k
                         WHERE k.org_id = p_org_id AND k.memory_id = v_row.id)));
    END LOOP;

    -- those without a place come after all others of their memory
    v_rows := (
        SELECT jsonb_agg(m.value || jsonb_build_object(
                   'event_id', agentry.uuidv7(),
                   'timestamp', coalesce((m.value ->> 'timestamp')::timestamptz, m.created_at),
                   'ordinal', coalesce(m.ordinal, greatest(m.last, m.last_given, 0) + m.place)) ORDER BY m.n)
        FROM (SELECT e.n, e.value, o.created_at, o.last, (e.value ->> 'ordinal')::integer AS ordinal,
                     max((e.value ->> 'ordinal')::integer) OVER (PARTITION BY (e.value ->> 'memory_id')::uuid)
                         AS last_given,
                     row_number() OVER (PARTITION BY (e.value ->> 'memory_id')::uuid, e.value ->> 'ordinal' IS NULL
                                        ORDER BY e.n) AS place
              FROM jsonb_array_elements(p_events) WITH ORDINALITY AS e (value, n)
              CROSS JOIN LATERAL jsonb_to_record(v_memories -> ((e.value ->> 'memory_id')::uuid::text))
                  AS o (created_at timestamptz, last integer)) AS m);
    v_ids := ARRAY(
        SELECT coalesce(k.event_id, (r.value ->> 'event_id')::uuid)
        FROM jsonb_array_elements(v_rows) WITH ORDINALITY AS r (value, n)
        LEFT JOIN agentry_memory.event_memory_keys AS k
            ON k.org_id = p_org_id
            AND k.memory_id = (r.value ->> 'memory_id')::uuid
            AND k.ordinal = (r.value ->> 'ordinal')::integer
        ORDER BY r.n);
    FOR v_row IN
        SELECT r.value, k.event_id, k."timestamp", m.value ->> 'timestamp' IS NOT NULL AS has_time
        FROM jsonb_array_elements(v_rows) WITH ORDINALITY AS r (value, n)
        JOIN jsonb_array_elements(p_events) WITH ORDINALITY AS m (value, n) ON m.n = r.n
        JOIN agentry_memory.event_memory_keys AS k
            ON k.org_id = p_org_id
            AND k.memory_id = (r.value ->> 'memory_id')::uuid
            AND k.ordinal = (r.value ->> 'ordinal')::integer
    LOOP
        IF NOT agentry_memory._is_same_event(p_org_id, v_row.event_id, v_row."timestamp", v_row.value,
                                             v_row.has_time) THEN
            RAISE EXCEPTION USING
                ERRCODE    = 'unique_violation',
                MESSAGE    = format('event %s of raw memory %s is another one', v_row.value ->> 'ordinal',
                                    v_row.value ->> 'memory_id'),
                DETAIL     = format('It is event %s.', v_row.event_id),
                HINT       = 'Leave the ordinal out for the next place, or change the event that is there.',
                SCHEMA     = 'agentry_memory',
                TABLE      = 'event_memory_keys',
                CONSTRAINT = 'uq_event_per_memory';
        END IF;
    END LOOP;

    INSERT INTO agentry_memory.event_memories (
        org_id, event_id, "timestamp", memory_id, ordinal, agent_id, user_id, team_id, scope, actor, action, target,
        quantity, unit, confidence, extractor_version, source, metadata)
    SELECT p_org_id, r.event_id, r."timestamp", r.memory_id, r.ordinal, o.agent_id, o.user_id, o.team_id, o.scope,
           r.actor, r.action, r.target, r.quantity, r.unit, coalesce(r.confidence, 1), r.extractor_version,
           coalesce(r.source, 'manual'), coalesce(r.metadata, '{}')
    FROM ROWS FROM (jsonb_to_recordset(v_rows) AS (
             event_id uuid, "timestamp" timestamptz, memory_id uuid, ordinal integer, actor text, action text,
             target text, quantity numeric, unit text, confidence real, extractor_version text, source text,
             metadata jsonb)) WITH ORDINALITY AS r (
             event_id, "timestamp", memory_id, ordinal, actor, action, target, quantity, unit, confidence,
             extractor_version, source, metadata, n)
    CROSS JOIN LATERAL jsonb_to_record(v_memories -> r.memory_id::text)
        AS o (agent_id uuid, user_id uuid, team_id uuid, scope text)
    WHERE v_ids[r.n] = r.event_id;
    RETURN v_ids;
END;
$_store_events$;

COMMENT ON FUNCTION agentry_memory._store_events(uuid, jsonb) IS 'Records events and returns their ids in order.';
