-- _session_key(source, session, seed) -> bigint
-- What entries of one session of one owner in one source have alike; the seed is the hash of organisation and owner.
-- Without a SET clause, so that it is inlined where it runs once a row.
CREATE OR REPLACE FUNCTION agentry_memory._session_key(p_source_id integer, p_session text, p_seed bigint)
RETURNS bigint
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $_session_key$
    SELECT pg_catalog.hashtextextended(p_session, pg_catalog.hashint4extended(p_source_id, p_seed))
$_session_key$;

COMMENT ON FUNCTION agentry_memory._session_key(integer, text, bigint) IS
    'What entries of one session of one owner in one source have alike.';
