-- _check_index_options(method, options) -> void: what an index of vectors can be made with
-- Raises invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry_memory._check_index_options(p_method text, p_options jsonb)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_check_index_options$
DECLARE
    v_wrong text;
BEGIN
    IF coalesce(p_method NOT IN ('hnsw', 'ivfflat', 'none'), true)
       OR jsonb_typeof(p_options) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'the index is not clear',
            DETAIL  = format('method: %L, options: %s', p_method, coalesce(p_options::text, 'NULL')),
            HINT    = 'A method is hnsw, ivfflat or none; options are a JSON object.';
    END IF;
    SELECT string_agg(format('%s: %s', g.key, g.value), ', ' ORDER BY g.key)
    INTO v_wrong
    FROM jsonb_each(p_options) AS g
    LEFT JOIN (VALUES ('hnsw', 'm', 2, 100), ('hnsw', 'ef_construction', 4, 1000), ('ivfflat', 'lists', 1, 32768))
        AS o (method, name, least, most) ON o.method = p_method AND o.name = g.key
    WHERE o.name IS NULL
       OR CASE WHEN jsonb_typeof(g.value) = 'number'
               THEN g.value::numeric NOT BETWEEN o.least AND o.most OR g.value::numeric <> trunc(g.value::numeric)
               ELSE true END;
    -- as pgvector has it
    IF v_wrong IS NULL
       AND coalesce((p_options ->> 'ef_construction')::integer, 64) < 2 * coalesce((p_options ->> 'm')::integer, 16)
    THEN
        v_wrong := 'ef_construction is less than twice m';
    END IF;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('these options cannot be those of an index by %s', p_method),
            DETAIL  = v_wrong,
            HINT    = 'hnsw takes m (2 to 100) [16] and ef_construction (4 to 1000, at least twice m) [64]; ivfflat '
                      'takes lists (1 to 32768) [by the number of vectors].';
    END IF;
END;
$_check_index_options$;

COMMENT ON FUNCTION agentry_memory._check_index_options(text, jsonb) IS
    'Refuses what no index of vectors can be made with.';
