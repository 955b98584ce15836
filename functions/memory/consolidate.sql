-- consolidate(agent, type, memories, content [, memory_type, keep, scope, tags, expires_at, embedding, ...]) -> id
-- Makes one memory of several that an agent sees, and links it to each of them.  They stay as they are, or are
-- archived: kept, but not recalled any more.  Of several that archive the same sources the first wins.  The same
-- idempotency key, content and sources give the first id again.
-- Raises invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state,
-- check_violation, unique_violation, and what _actor() raises.
CREATE OR REPLACE FUNCTION agentry_memory.consolidate(
    p_agent           text,
    p_type            text,
    p_memories        uuid[],
    p_content         text,
    p_memory_type     text        DEFAULT NULL,
    p_keep            boolean     DEFAULT true,
    p_scope           text        DEFAULT NULL,
    p_tags            text[]      DEFAULT NULL,
    p_expires_at      timestamptz DEFAULT NULL,
    p_embedding       vector      DEFAULT NULL,
    p_idempotency_key text        DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $consolidate$
DECLARE
    v_actor record := agentry._actor(p_agent);
BEGIN
    RETURN agentry_memory._consolidate(
        v_actor.org_id, v_actor.agent_id, (agentry_memory._reading_as(v_actor.agent)).readers, p_type, p_memories,
        p_content, NULL, p_memory_type, p_keep, p_scope, p_tags, p_expires_at, p_embedding, p_idempotency_key);
END;
$consolidate$;

COMMENT ON FUNCTION agentry_memory.consolidate(
    text, text, uuid[], text, text, boolean, text, text[], timestamptz, vector, text) IS
    'Makes one memory of several (ids) that an agent [the current one] sees, and returns its id.  type: merge (they '
    'say the same), summarize (shorter), abstract (what follows from them).  content: a text.  memory_type [that of '
    'the sources where they have one, else semantic; of abstract semantic].  keep: true leaves the sources as they '
    'are; false archives them, which undo_consolidation() takes back.  scope, tags: as for remember() [those of the '
    'sources].  Its importance is 1.2 times the mean of the sources'', 0.5 to 1, its decay_rate 0.05.  '
    'idempotency_key: same key, content and sources give the first id.  Raises invalid_parameter_value, '
    'undefined_object, insufficient_privilege, object_not_in_prerequisite_state, check_violation, unique_violation.';

-- consolidate(agent, type, memories, content jsonb, ...): the same with content of several parts
CREATE OR REPLACE FUNCTION agentry_memory.consolidate(
    p_agent           text,
    p_type            text,
    p_memories        uuid[],
    p_content         jsonb,
    p_memory_type     text        DEFAULT NULL,
    p_keep            boolean     DEFAULT true,
    p_scope           text        DEFAULT NULL,
    p_tags            text[]      DEFAULT NULL,
    p_expires_at      timestamptz DEFAULT NULL,
    p_embedding       vector      DEFAULT NULL,
    p_idempotency_key text        DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $consolidate$
DECLARE
    v_actor record := agentry._actor(p_agent);
BEGIN
    RETURN agentry_memory._consolidate(
        v_actor.org_id, v_actor.agent_id, (agentry_memory._reading_as(v_actor.agent)).readers, p_type, p_memories,
        NULL, p_content, p_memory_type, p_keep, p_scope, p_tags, p_expires_at, p_embedding, p_idempotency_key);
END;
$consolidate$;

COMMENT ON FUNCTION agentry_memory.consolidate(
    text, text, uuid[], jsonb, text, boolean, text, text[], timestamptz, vector, text) IS
    'The same with content as a JSON object, as remember() takes it for memory_type.';
