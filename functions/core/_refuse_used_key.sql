-- _refuse_used_key(key, what, id, detail): an idempotency key that stands already is that of something else
-- Without an id whatever has it committed after the snapshot of this transaction, which so cannot tell.
-- Raises unique_violation; serialization_failure where there is no id.
CREATE OR REPLACE FUNCTION agentry._refuse_used_key(p_key text, p_what text, p_id text, p_detail text)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_used_key$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = CASE WHEN p_id IS NULL THEN 'serialization_failure' ELSE 'unique_violation' END,
        MESSAGE = format('idempotency key %L was used for another %s', p_key, p_what),
        DETAIL  = p_detail,
        HINT    = format('Use a new key for a new %s; retry a serialisation failure.', p_what);
END;
$_refuse_used_key$;

COMMENT ON FUNCTION agentry._refuse_used_key(text, text, text, text) IS
    'Refuses an idempotency key that stands already and is that of something else.';
