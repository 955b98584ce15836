-- _partition_name(schema, table, month) -> text: a name for the partition of a month that no other relation in the
-- schema has.  It ends in _YYYY_MM and has at most 63 bytes; a table name that is too long is cut and told apart by its
-- hash.
CREATE OR REPLACE FUNCTION agentry._partition_name(p_schema name, p_table name, p_month date)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_partition_name$
DECLARE
    v_month text := to_char(p_month, '_YYYY_MM');
    v_tail  text := v_month;
    v_stem  text;
    v_name  text;
BEGIN
    FOR v_number IN 2..1000 LOOP
        v_stem := p_table;
        IF octet_length(v_stem || v_tail) > 63 THEN
            v_stem := '_' || left(md5(p_table), 8);
            -- a cast to name cuts at 63 bytes and never within a character; the padding in front falls off again
            v_stem := substr((repeat('x', octet_length(v_stem || v_tail)) || p_table)::name::text,
                             octet_length(v_stem || v_tail) + 1) || v_stem;
        END IF;
        v_name := v_stem || v_tail;
        EXIT WHEN NOT EXISTS (SELECT
                              FROM pg_class AS c
                              WHERE c.relnamespace = to_regnamespace(quote_ident(p_schema)) AND c.relname = v_name);
        -- a month that was detached before, or somebody's table
        v_tail := '_' || v_number || v_month;
    END LOOP;
    RETURN v_name;
END;
$_partition_name$;

COMMENT ON FUNCTION agentry._partition_name(name, name, date) IS
    'A free name for the partition of a month: at most 63 bytes, ending in _YYYY_MM.';
