-- _forget_keys(table, partition): frees the keys of raw memories, or the places of events, of a month that is about to
-- be dropped
CREATE OR REPLACE FUNCTION agentry_memory._forget_keys(p_table regclass, p_partition regclass)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_forget_keys$
BEGIN
    IF p_table = 'agentry_memory.raw_memories'::regclass THEN
        EXECUTE format('DELETE FROM agentry_memory.raw_memory_keys AS k USING %s AS r '
                       'WHERE k.org_id = r.org_id '
                       'AND k.owner_id = coalesce(r.agent_id, r.user_id, r.team_id, r.org_id) '
                       'AND k.idempotency_key = r.idempotency_key', p_partition);
    ELSE
        EXECUTE format('DELETE FROM agentry_memory.event_memory_keys AS k USING %s AS e '
                       'WHERE k.org_id = e.org_id AND k.memory_id = e.memory_id AND k.ordinal = e.ordinal',
                       p_partition);
    END IF;
END;
$_forget_keys$;

COMMENT ON FUNCTION agentry_memory._forget_keys(regclass, regclass) IS
    'Frees the keys of raw memories, or the places of events, of a month that is about to be dropped.';
