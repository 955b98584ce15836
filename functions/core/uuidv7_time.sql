-- uuidv7_time(id [, milliseconds]) -> timestamptz
-- The time in a version 7 id, to the millisecond, plus some; NULL for ids of another kind.  Immutable, so that a look-
-- up by id
-- in a monthly table that adds both bounds is pruned when it is planned:
--     WHERE id = $1 AND created_at >= agentry.uuidv7_time($1) AND created_at < agentry.uuidv7_time($1, 1)
CREATE OR REPLACE FUNCTION agentry.uuidv7_time(p_id uuid, p_milliseconds bigint DEFAULT 0)
RETURNS timestamptz
LANGUAGE sql
IMMUTABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $uuidv7_time$
    -- days apart from seconds: a double holds those exactly
    SELECT CASE WHEN get_byte(uuid_send(p_id), 6) >> 4 = 7 THEN
        (timestamp '1970-01-01' + make_interval(days => (t.ms / 86400000)::integer, secs => (t.ms % 86400000) / 1000.0))
            AT TIME ZONE 'UTC'
    END
    FROM (
        SELECT ('x' || encode(substring(uuid_send(p_id) FROM 1 FOR 6), 'hex'))::bit(48)::bigint + p_milliseconds
    ) AS t (ms)
$uuidv7_time$;

COMMENT ON FUNCTION agentry.uuidv7_time(uuid, bigint) IS
    'The time in a UUID version 7 (RFC 9562), to the millisecond, plus p_milliseconds; NULL for other ids.  As bounds '
    'on the time column it lets a look-up by id read one partition.';
