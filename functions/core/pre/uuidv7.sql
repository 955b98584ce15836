-- uuidv7([at]) -> uuid
-- A time-ordered id (RFC 9562, version 7): PostgreSQL's own from 18 on, the same layout before.
CREATE OR REPLACE FUNCTION agentry.uuidv7(p_at timestamptz DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $uuidv7$
BEGIN
    IF p_at IS NULL AND current_setting('server_version_num')::integer >= 180000 THEN
        RETURN uuidv7();
    END IF;
    -- 48 bits of Unix time in milliseconds over a random version 4; bits 52 and 53 turn the 4 into a 7
    RETURN encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                    PLACING substring(
                        int8send(floor(extract(epoch FROM coalesce(p_at, clock_timestamp())) * 1000)::bigint) FROM 3)
                    FROM 1 FOR 6),
            52, 1), 53, 1), 'hex')::uuid;
END;
$uuidv7$;

COMMENT ON FUNCTION agentry.uuidv7(timestamptz) IS
    'A new UUID version 7 (RFC 9562) whose first 48 bits are the Unix time in milliseconds of the argument [now].';
