-- unlink_memories(agent, from, relation, to [, from_kind, to_kind]) -> boolean
-- Takes a link back; returns whether there was one.  For whoever may make it.
-- Raises insufficient_privilege and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_memory.unlink_memories(
    p_agent     text,
    p_from_id   uuid,
    p_relation  text,
    p_to_id     uuid,
    p_from_kind text DEFAULT 'memory',
    p_to_kind   text DEFAULT 'memory'
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $unlink_memories$
DECLARE
    v_me record := agentry_memory._reading_as(p_agent);
BEGIN
    DELETE FROM agentry_memory.memory_links AS l
    WHERE l.org_id = v_me.org_id
      AND l.from_kind = p_from_kind
      AND l.from_id = p_from_id
      AND l.relation = p_relation
      AND l.to_kind = p_to_kind
      AND l.to_id = p_to_id
      AND (v_me.sees_all AND v_me.kind <> 'reader' OR l.agent_id = v_me.agent_id);
    IF FOUND THEN
        RETURN true;
    END IF;
    IF EXISTS (SELECT
               FROM agentry_memory.memory_links AS l
               WHERE l.org_id = v_me.org_id
                 AND l.from_kind = p_from_kind
                 AND l.from_id = p_from_id
                 AND l.relation = p_relation
                 AND l.to_kind = p_to_kind
                 AND l.to_id = p_to_id
                 AND (v_me.sees_all OR l.readers && v_me.readers)) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%s %s is not yours to unlink', p_from_kind, p_from_id),
            DETAIL  = 'A link belongs to what it starts from.',
            HINT    = 'Ask the agent whose it is, or an application.';
    END IF;
    RETURN false;
END;
$unlink_memories$;

COMMENT ON FUNCTION agentry_memory.unlink_memories(text, uuid, text, uuid, text, text) IS
    'Takes back what link_memories() said, and returns whether there was such a link.  For whoever may make it.  '
    'Raises insufficient_privilege, undefined_object.';
