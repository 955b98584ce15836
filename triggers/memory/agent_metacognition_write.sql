-- What agents think of themselves is written through its view as it is by functions, with the rights of whoever writes.
CREATE OR REPLACE FUNCTION agentry_memory._agent_metacognition_write()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_agent_metacognition_write$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM agentry_memory.forget_memory(OLD.id);
        RETURN OLD;
    END IF;
    PERFORM agentry_memory._check_given(
        TG_OP, to_jsonb(NEW), CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END);
    IF TG_OP = 'INSERT' THEN
        NEW.id := agentry_memory.record_metacognition(
            agentry_memory._agent_name(NEW.agent_id), NEW.performance_evaluation, NEW.strategy_adjustments,
            NEW.goal_modifications, NEW.self_awareness_notes, p_occurred_at => NEW.created_at);
        SELECT c.* INTO NEW FROM agentry_memory.agent_metacognition AS c WHERE c.id = NEW.id;
        RETURN NEW;
    END IF;
    UPDATE agentry_memory.agent_memories AS m
    SET content = (m.content - '{performance_evaluation,self_awareness_notes}'::text[])
                  || agentry_memory._metacognition_content(NEW.performance_evaluation, NEW.strategy_adjustments,
                                                           NEW.goal_modifications, NEW.self_awareness_notes),
        occurred_at = NEW.created_at
    WHERE m.org_id = OLD.org_id AND m.id = OLD.id;
    IF NOT FOUND THEN
        PERFORM agentry_memory._refuse_memory(OLD.id);
    END IF;
    RETURN NEW;
END;
$_agent_metacognition_write$;

COMMENT ON FUNCTION agentry_memory._agent_metacognition_write() IS
    'Writes what agents think of themselves through its view.';

-- install
CREATE OR REPLACE TRIGGER agent_metacognition_write
    INSTEAD OF INSERT OR UPDATE OR DELETE ON agentry_memory.agent_metacognition
    FOR EACH ROW EXECUTE FUNCTION agentry_memory._agent_metacognition_write();
