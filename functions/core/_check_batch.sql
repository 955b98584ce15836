-- _check_batch(batch, required, optional): a batch is an array of objects with these keys and no others
-- Raises invalid_parameter_value, naming the position of the first bad object.
CREATE OR REPLACE FUNCTION agentry._check_batch(p_batch jsonb, p_required text[], p_optional text[] DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $_check_batch$
DECLARE
    v_known text[] := p_required || p_optional;
    v_bad   record;
BEGIN
    IF jsonb_typeof(p_batch) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a batch is a JSON array of objects',
            DETAIL  = format('got: %s', coalesce(jsonb_typeof(p_batch), 'NULL')),
            HINT    = 'Pass [{...}, {...}].';
    END IF;
    -- most often all is well
    IF NOT EXISTS (SELECT
                   FROM jsonb_array_elements(p_batch) AS b (value)
                   WHERE CASE WHEN jsonb_typeof(b.value) = 'object'
                              THEN NOT b.value ?& p_required OR b.value - v_known <> '{}'
                              ELSE true END) THEN
        RETURN;
    END IF;
    SELECT b.n,
           jsonb_typeof(b.value) AS type,
           k.unknown,
           (SELECT string_agg(r, ', ') FROM unnest(p_required) AS r WHERE b.value -> r IS NULL) AS missing
    INTO v_bad
    FROM jsonb_array_elements(p_batch) WITH ORDINALITY AS b (value, n)
    LEFT JOIN LATERAL (
        SELECT string_agg(o.key, ', ' ORDER BY o.key) AS unknown
        FROM jsonb_object_keys(CASE WHEN jsonb_typeof(b.value) = 'object' THEN b.value ELSE '{}' END) AS o (key)
        WHERE o.key <> ALL (p_required || p_optional)) AS k ON true
    WHERE jsonb_typeof(b.value) <> 'object' OR k.unknown IS NOT NULL OR NOT b.value ?& p_required
    ORDER BY b.n
    LIMIT 1;
    IF v_bad.n IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('object %s of the batch is not right', v_bad.n),
            DETAIL  = concat_ws('; ', CASE WHEN v_bad.type <> 'object' THEN format('it is a JSON %s', v_bad.type) END,
                                'unknown: ' || v_bad.unknown, 'missing: ' || v_bad.missing),
            HINT    = format('Required: %s.  Optional: %s.',
                             array_to_string(p_required, ', '), array_to_string(p_optional, ', '));
    END IF;
END;
$_check_batch$;

COMMENT ON FUNCTION agentry._check_batch(jsonb, text[], text[]) IS
    'Refuses a batch that is not an array of objects with the given keys.';
