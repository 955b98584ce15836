-- _check_types(batch, types): refuses a batch of objects with a value that its column could not take
-- Types: of the keys that have one other than text, by name: real, numeric, integer, bigint, interval, timestamptz,
-- boolean, uuid; or array, of texts.  JSON null and what is not there are of any type.
-- Raises invalid_parameter_value, naming the position of the first.
CREATE OR REPLACE FUNCTION agentry._check_types(p_batch jsonb, p_types jsonb)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_check_types$
DECLARE
    v_bad record;
BEGIN
    -- with the types as constants, which are looked up once
    SELECT b.n, t.key, t.type, v.value
    INTO v_bad
    FROM jsonb_array_elements(p_batch) WITH ORDINALITY AS b (value, n)
    CROSS JOIN jsonb_each_text(p_types) AS t (key, type)
    CROSS JOIN LATERAL (SELECT b.value ->> t.key) AS v (value)
    WHERE NOT CASE t.type
                  WHEN 'real' THEN pg_input_is_valid(v.value, 'real')
                  WHEN 'numeric' THEN pg_input_is_valid(v.value, 'numeric')
                  WHEN 'integer' THEN pg_input_is_valid(v.value, 'integer')
                  WHEN 'bigint' THEN pg_input_is_valid(v.value, 'bigint')
                  WHEN 'interval' THEN pg_input_is_valid(v.value, 'interval')
                  WHEN 'timestamptz' THEN pg_input_is_valid(v.value, 'timestamptz')
                  WHEN 'boolean' THEN pg_input_is_valid(v.value, 'boolean')
                  WHEN 'uuid' THEN pg_input_is_valid(v.value, 'uuid')
                  ELSE v.value IS NULL OR jsonb_typeof(b.value -> t.key) = 'array'
              END
    ORDER BY b.n, t.key
    LIMIT 1;
    IF v_bad.n IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('object %s of the batch is not right', v_bad.n),
            DETAIL  = format('%s: %s', v_bad.key, left(v_bad.value, 200)),
            HINT    = format('%s is %s.', v_bad.key,
                             CASE v_bad.type
                                 WHEN 'real' THEN 'a number'
                                 WHEN 'numeric' THEN 'a number'
                                 WHEN 'integer' THEN 'an integer, at most 2147483647'
                                 WHEN 'bigint' THEN 'an integer'
                                 WHEN 'interval' THEN 'an interval, such as 5 minutes'
                                 WHEN 'timestamptz' THEN 'a time'
                                 WHEN 'boolean' THEN 'true or false'
                                 WHEN 'uuid' THEN 'a UUID'
                                 ELSE 'an array'
                             END);
    END IF;
END;
$_check_types$;

COMMENT ON FUNCTION agentry._check_types(jsonb, jsonb) IS
    'Refuses a batch of objects with values of a wrong type.';
