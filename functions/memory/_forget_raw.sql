-- _forget_raw(organisation, subject) -> bigint
-- Erases the raw memories of an agent or a user, in the archive too; their events went before.  For agentry.forget().
CREATE OR REPLACE FUNCTION agentry_memory._forget_raw(p_org_id uuid, p_subject jsonb)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_forget_raw$
DECLARE
    v_column text := CASE p_subject ->> 'kind' WHEN 'user' THEN 'user_id' ELSE 'agent_id' END;
BEGIN
    RETURN (SELECT coalesce(sum(c.value::bigint), 0)
            FROM jsonb_each_text(agentry_memory._erase_rows(
                     'agentry_memory.raw_memories', p_org_id,
                     format('%I = %L', v_column, p_subject ->> 'subject_id'))) AS c);
END;
$_forget_raw$;

COMMENT ON FUNCTION agentry_memory._forget_raw(uuid, jsonb) IS
    'Erases the raw memories of an agent or a user, in the archive too; for agentry.forget().';
