-- _check_memories(memories): refuses a batch with values of a wrong type
-- Raises invalid_parameter_value, naming the position of the first.
CREATE OR REPLACE FUNCTION agentry_memory._check_memories(p_memories jsonb)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_check_memories$
DECLARE
    v_bad record;
BEGIN
    -- an array of texts is valid as an array once it is written as one
    SELECT b.n, t.key, t.type, b.value ->> t.key AS value
    INTO v_bad
    FROM jsonb_array_elements(p_memories) WITH ORDINALITY AS b (value, n)
    CROSS JOIN LATERAL (VALUES
        ('importance', 'a number', pg_input_is_valid(b.value ->> 'importance', 'real')),
        ('emotional_relevance', 'a number', pg_input_is_valid(b.value ->> 'emotional_relevance', 'real')),
        ('decay_rate', 'a number', pg_input_is_valid(b.value ->> 'decay_rate', 'real')),
        ('session_order', 'an integer', pg_input_is_valid(b.value ->> 'session_order', 'bigint')),
        ('occurred_at', 'a time', pg_input_is_valid(b.value ->> 'occurred_at', 'timestamptz')),
        ('expires_at', 'a time', pg_input_is_valid(b.value ->> 'expires_at', 'timestamptz')),
        ('pinned', 'true or false', pg_input_is_valid(b.value ->> 'pinned', 'boolean')),
        ('tags', 'an array', jsonb_typeof(b.value -> 'tags') = 'array'),
        ('related_agents', 'an array', jsonb_typeof(b.value -> 'related_agents') = 'array'),
        ('related_users', 'an array', jsonb_typeof(b.value -> 'related_users') = 'array')
    ) AS t (key, type, is_valid)
    WHERE jsonb_typeof(b.value -> t.key) <> 'null' AND NOT t.is_valid
    ORDER BY b.n, t.key
    LIMIT 1;
    IF v_bad.n IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('object %s of the batch is not right', v_bad.n),
            DETAIL  = format('%s: %s', v_bad.key, left(v_bad.value, 200)),
            HINT    = format('%s is %s.', v_bad.key, v_bad.type);
    END IF;
END;
$_check_memories$;

COMMENT ON FUNCTION agentry_memory._check_memories(jsonb) IS 'Refuses a batch of memories with values of a wrong type.';
