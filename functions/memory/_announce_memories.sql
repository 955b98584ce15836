-- _announce_memories(organisation, agent, ids): tells whoever listens of new memories, at the commit
-- Ids only, at most 100, far below the limit of 8,000 bytes.  A hint: where notifications pile up because somebody
-- does not read them, none is sent, else writers would fail.
CREATE OR REPLACE FUNCTION agentry_memory._announce_memories(p_org_id uuid, p_agent_id uuid, p_ids uuid[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_announce_memories$
BEGIN
    IF pg_notification_queue_usage() < 0.5 THEN
        PERFORM pg_notify(agentry_memory._memory_channel(p_org_id), jsonb_build_object(
            'agent_id', p_agent_id, 'type', 'new_memory', 'ids', p_ids[:100], 'count', cardinality(p_ids))::text);
    END IF;
END;
$_announce_memories$;

COMMENT ON FUNCTION agentry_memory._announce_memories(uuid, uuid, uuid[]) IS
    'Tells whoever listens of new memories.';
