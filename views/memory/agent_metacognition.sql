-- Memories of type metacognition, by the names that document 003 has for them.
CREATE OR REPLACE VIEW agentry_memory.agent_metacognition
WITH (security_invoker = true)
AS
SELECT m.org_id, m.id, m.agent_id, m.content ->> 'performance_evaluation' AS performance_evaluation,
       agentry_memory._texts(m.content -> 'strategy_adjustments') AS strategy_adjustments,
       agentry_memory._texts(m.content -> 'goal_modifications') AS goal_modifications,
       m.content ->> 'self_awareness_notes' AS self_awareness_notes, m.occurred_at AS created_at
FROM agentry_memory.agent_memories AS m
WHERE m.memory_type = 'metacognition';

COMMENT ON VIEW agentry_memory.agent_metacognition IS
    'What agents think of how they do: memories of type metacognition.  INSERT is record_metacognition(); UPDATE and '
    'DELETE change the memory.  WRITE: as agentry_memory.agent_memories.';
COMMENT ON COLUMN agentry_memory.agent_metacognition.org_id IS 'Organisation.';
COMMENT ON COLUMN agentry_memory.agent_metacognition.id IS 'Id of the memory; made by the database.';
COMMENT ON COLUMN agentry_memory.agent_metacognition.agent_id IS 'The agent.';
COMMENT ON COLUMN agentry_memory.agent_metacognition.performance_evaluation IS 'How it did.';
COMMENT ON COLUMN agentry_memory.agent_metacognition.strategy_adjustments IS 'What it does otherwise from then on.';
COMMENT ON COLUMN agentry_memory.agent_metacognition.goal_modifications IS 'What it wants instead.';
COMMENT ON COLUMN agentry_memory.agent_metacognition.self_awareness_notes IS 'What it noticed about itself.';
COMMENT ON COLUMN agentry_memory.agent_metacognition.created_at IS 'When it thought so: occurred_at of the memory.';
