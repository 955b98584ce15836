-- Memories of type reflection, by the names that document 003 has for them.
CREATE OR REPLACE VIEW agentry_memory.agent_reflections
WITH (security_invoker = true)
AS
SELECT m.org_id, m.id, m.agent_id, m.content ->> 'text' AS reflection,
       ARRAY(SELECT l.to_id
             FROM agentry_memory.memory_links AS l
             WHERE l.org_id = m.org_id
               AND l.from_kind = 'memory'
               AND l.from_id = m.id
               AND l.relation = 'derived_from'
               AND l.to_kind = 'memory'
             ORDER BY l.to_id) AS trigger_memories,
       agentry_memory._texts(m.content -> 'insights') AS insights,
       agentry_memory._texts(m.content -> 'behavioral_changes') AS behavioral_changes,
       m.occurred_at AS created_at
FROM agentry_memory.agent_memories AS m
WHERE m.memory_type = 'reflection';

COMMENT ON VIEW agentry_memory.agent_reflections IS
    'What agents concluded from their memories: those of type reflection.  INSERT is record_reflection(); UPDATE and '
    'DELETE change the memory and its links.  WRITE: as agentry_memory.agent_memories.';
COMMENT ON COLUMN agentry_memory.agent_reflections.org_id IS 'Organisation.';
COMMENT ON COLUMN agentry_memory.agent_reflections.id IS 'Id of the memory; made by the database.';
COMMENT ON COLUMN agentry_memory.agent_reflections.agent_id IS 'The agent.';
COMMENT ON COLUMN agentry_memory.agent_reflections.reflection IS 'What it concluded.';
COMMENT ON COLUMN agentry_memory.agent_reflections.trigger_memories IS
    'Ids of the memories that it rests on: the links derived_from.';
COMMENT ON COLUMN agentry_memory.agent_reflections.insights IS 'What it saw, point by point.';
COMMENT ON COLUMN agentry_memory.agent_reflections.behavioral_changes IS 'What it will do otherwise.';
COMMENT ON COLUMN agentry_memory.agent_reflections.created_at IS 'When it reflected: occurred_at of the memory.';
