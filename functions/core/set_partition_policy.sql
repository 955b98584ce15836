-- set_partition_policy(table, months_ahead, keep_months, retire_to, storage) -> void
-- Puts a table that is partitioned by time under maintenance, or changes how.  Storage parameters reach the partitions
-- that exist with the next ensure_partitions().
-- Raises undefined_table, wrong_object_type, check_violation.
CREATE OR REPLACE FUNCTION agentry.set_partition_policy(
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
AS $set_partition_policy$
DECLARE
    v_table  text;
    v_column text;
    v_rule   text;
    v_hint   text;
BEGIN
    PERFORM agentry._put_partition_policy(p_table, p_months_ahead, p_keep_months, p_retire_to, p_storage);
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry', v_table, v_column, v_rule, v_hint,
            jsonb_build_object('months_ahead', p_months_ahead, 'keep_months', p_keep_months, 'retire_to', p_retire_to,
                               'storage', p_storage));
        RAISE;
END;
$set_partition_policy$;

COMMENT ON FUNCTION agentry.set_partition_policy(text, integer, integer, text, text[]) IS
    'Puts a table that is partitioned by time under maintenance: months made ahead (1 to 120), months kept [all], '
    'what becomes of older ones (keep, detach, archive, drop), storage parameters such as {fillfactor=90}.  For the '
    'owner.  Raises undefined_table, wrong_object_type, check_violation.';
