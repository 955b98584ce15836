-- _table_digests() -> name, row_count, digest, last_value
-- What a backup must bring back: each table with the number of its rows and a digest of them, each sequence with the
-- last number that it gave out.  The digest is a sum over the rows, so that their order does not matter, of the first
-- 64 bits of their SHA-256; it leaves out generated columns, which a newer server may compute otherwise.  Reads all.
CREATE OR REPLACE FUNCTION agentry._table_digests()
RETURNS TABLE (name text, row_count bigint, digest text, last_value bigint)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- equal rows look equal here and elsewhere, and rows that a policy hides are an error
SET row_security = off
SET timezone = 'UTC'
SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres'
SET extra_float_digits = 1
SET bytea_output = 'hex'
SET lc_monetary = 'C'
AS $_table_digests$
DECLARE
    v_row record;
BEGIN
    FOR v_row IN
        SELECT t.oid::text AS name, CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || t.oid AS source,
               (SELECT string_agg(format('r.%I', a.attname), ', ' ORDER BY a.attname COLLATE "C")
                FROM pg_attribute AS a
                WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
        FROM agentry._dumped_relations('rp') AS t (oid)
        JOIN pg_class AS c ON c.oid = t.oid
    LOOP
        name := v_row.name;
        EXECUTE format(
            'SELECT count(*), coalesce(sum((''x'' || left(h.hash, 16))::bit(64)::bigint::numeric), 0)::text '
            'FROM %s AS r CROSS JOIN LATERAL encode(sha256(convert_to(ROW(%s)::text, ''UTF8'')), ''hex'') AS h (hash)',
            v_row.source, v_row.columns)
        INTO row_count, digest;
        RETURN NEXT;
    END LOOP;
    RETURN QUERY
        SELECT s.oid::text, NULL::bigint, NULL::text, pg_sequence_last_value(s.oid)
        FROM agentry._dumped_relations('S') AS s (oid);
END;
$_table_digests$;

COMMENT ON FUNCTION agentry._table_digests() IS
    'Number and digest of the rows of each table, and the last number of each sequence: equal before a backup and '
    'after it was restored.';
