-- _keys_into(table) -> jsonb: the foreign keys that refer to a table: table, name, definition, comment
CREATE OR REPLACE FUNCTION agentry._keys_into(p_table oid)
RETURNS jsonb
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_keys_into$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'table', k.conrelid::regclass,
               'name', k.conname,
               'comment', obj_description(k.oid, 'pg_constraint'),
               'definition', pg_get_constraintdef(k.oid)
                   -- before 18 a partitioned table takes no key that is not valid
                   || CASE WHEN k.convalidated
                                AND (c.relkind <> 'p' OR current_setting('server_version_num')::integer >= 180000)
                           THEN ' NOT VALID' ELSE '' END)
               ORDER BY k.conrelid, k.conname), '[]')
    FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = k.conrelid
    WHERE k.confrelid = p_table AND k.contype = 'f' AND k.conparentid = 0
$_keys_into$;

COMMENT ON FUNCTION agentry._keys_into(oid) IS 'The foreign keys that refer to a table.';
