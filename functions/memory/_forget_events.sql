-- _forget_events(organisation, subject) -> bigint
-- Erases the events of an agent or a user, in the archive too, and the places that they had.  For agentry.forget().
CREATE OR REPLACE FUNCTION agentry_memory._forget_events(p_org_id uuid, p_subject jsonb)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_forget_events$
DECLARE
    v_column text := CASE p_subject ->> 'kind' WHEN 'user' THEN 'user_id' ELSE 'agent_id' END;
    v_part   regclass;
BEGIN
    -- the triggers of the table do not see those that are retired
    FOR v_part IN SELECT agentry_memory._archive_of('agentry_memory.event_memories') LOOP
        EXECUTE format('DELETE FROM agentry_memory.event_memory_keys AS k USING %s AS e '
                       'WHERE e.org_id = $1 AND e.%I = $2 AND k.org_id = e.org_id AND k.memory_id = e.memory_id '
                       'AND k.ordinal = e.ordinal', v_part, v_column)
        USING p_org_id, (p_subject ->> 'subject_id')::uuid;
    END LOOP;
    RETURN (SELECT coalesce(sum(c.value::bigint), 0)
            FROM jsonb_each_text(agentry_memory._erase_rows(
                     'agentry_memory.event_memories', p_org_id,
                     format('%I = %L', v_column, p_subject ->> 'subject_id'))) AS c);
END;
$_forget_events$;

COMMENT ON FUNCTION agentry_memory._forget_events(uuid, jsonb) IS
    'Erases the events of an agent or a user, in the archive too; for agentry.forget().';
