-- _random_hex() -> text: 256 random bits in hexadecimal, out of three random UUIDs (122 bits each, strong randomness)
CREATE OR REPLACE FUNCTION agentry._random_hex()
RETURNS text
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_random_hex$
    SELECT encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
                  'hex')
$_random_hex$;

COMMENT ON FUNCTION agentry._random_hex() IS '256 random bits as 64 hexadecimal digits.';
