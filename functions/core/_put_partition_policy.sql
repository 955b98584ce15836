-- _put_partition_policy(table, months_ahead, keep_months, retire_to, storage) -> void
-- What set_partition_policy() does.  Has no handler of errors, and thus no subtransaction: what a module's install
-- writes by it carries the number of the install's transaction, by which _begin_load() knows it.
-- Raises undefined_table, wrong_object_type, check_violation.
CREATE OR REPLACE FUNCTION agentry._put_partition_policy(
    p_table        text,
    p_months_ahead integer DEFAULT 3,
    p_keep_months  integer DEFAULT NULL,
    p_retire_to    text    DEFAULT 'keep',
    p_storage      text[]  DEFAULT '{}'
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_put_partition_policy$
DECLARE
    v_table record := agentry._partitioned_table(p_table);
BEGIN
    INSERT INTO agentry.partition_policies (table_name, time_column, months_ahead, keep_months, retire_to, storage)
    VALUES (v_table.oid, v_table.time_column, p_months_ahead, p_keep_months, p_retire_to, p_storage)
    ON CONFLICT (table_name) DO UPDATE
    SET time_column = excluded.time_column, months_ahead = excluded.months_ahead, keep_months = excluded.keep_months,
        retire_to = excluded.retire_to, storage = excluded.storage;
END;
$_put_partition_policy$;

COMMENT ON FUNCTION agentry._put_partition_policy(text, integer, integer, text, text[]) IS
    'Puts a table that is partitioned by time under maintenance; for set_partition_policy() and for install().';
