-- _ivfflat_lists(vectors) -> integer
-- In how many lists an index by ivfflat puts that many vectors, as pgvector advises: a thousandth of them up to a
-- million, their square root beyond.
CREATE OR REPLACE FUNCTION agentry_memory._ivfflat_lists(p_vectors bigint)
RETURNS integer
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $_ivfflat_lists$
    SELECT greatest(1, least(32768, CASE WHEN p_vectors <= 1000000 THEN p_vectors / 1000
                                         ELSE sqrt(p_vectors)::bigint END))::integer
$_ivfflat_lists$;

COMMENT ON FUNCTION agentry_memory._ivfflat_lists(bigint) IS
    'In how many lists an index by ivfflat puts that many vectors.';
