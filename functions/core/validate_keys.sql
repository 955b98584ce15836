-- validate_keys() -> bigint
-- Proves the foreign keys into monthly tables that emptying a default partition left NOT VALID, a reference that is
-- missing is reported.  Readers and writers go on.  Returns how many keys are valid now.
CREATE OR REPLACE FUNCTION agentry.validate_keys()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $validate_keys$
DECLARE
    v_key   record;
    v_count bigint := 0;
BEGIN
    FOR v_key IN
        SELECT k.conrelid::regclass AS table_name, k.conname
        FROM pg_constraint AS k
        WHERE k.contype = 'f'
          AND NOT k.convalidated
          AND k.conparentid = 0
          AND k.confrelid IN (SELECT p.table_name FROM agentry.partition_policies AS p)
        ORDER BY k.conrelid, k.conname
    LOOP
        BEGIN
            EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I', v_key.table_name, v_key.conname);
            v_count := v_count + 1;
        EXCEPTION
            WHEN foreign_key_violation THEN
                RAISE WARNING USING
                    ERRCODE = 'foreign_key_violation',
                    MESSAGE = format('key %s of table %s does not hold', v_key.conname, v_key.table_name),
                    DETAIL  = SQLERRM,
                    HINT    = 'Find the rows that refer to nothing and correct them.';
        END;
    END LOOP;
    RETURN v_count;
END;
$validate_keys$;

COMMENT ON FUNCTION agentry.validate_keys() IS
    'Validates the foreign keys into monthly tables that emptying a default partition left NOT VALID; returns how '
    'many.  A maintenance step.  A key that does not hold is a warning (foreign_key_violation).';
