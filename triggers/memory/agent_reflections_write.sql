-- Reflections are written through their view as they are by functions, with the rights of whoever writes.
CREATE OR REPLACE FUNCTION agentry_memory._agent_reflections_write()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_agent_reflections_write$
DECLARE
    v_ids uuid[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM agentry_memory.forget_memory(OLD.id);
        RETURN OLD;
    END IF;
    PERFORM agentry_memory._check_given(
        TG_OP, to_jsonb(NEW), CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END);
    IF TG_OP = 'INSERT' THEN
        NEW.id := agentry_memory.record_reflection(
            agentry_memory._agent_name(NEW.agent_id), NEW.reflection, NEW.insights, NEW.trigger_memories,
            NEW.behavioral_changes, p_occurred_at => NEW.created_at);
        SELECT r.* INTO NEW FROM agentry_memory.agent_reflections AS r WHERE r.id = NEW.id;
        RETURN NEW;
    END IF;
    UPDATE agentry_memory.agent_memories AS m
    SET content = m.content || jsonb_build_object(
            'text', NEW.reflection, 'insights', coalesce(NEW.insights, '{}'),
            'behavioral_changes', coalesce(NEW.behavioral_changes, '{}')),
        occurred_at = NEW.created_at
    WHERE m.org_id = OLD.org_id AND m.id = OLD.id;
    IF NOT FOUND THEN
        PERFORM agentry_memory._refuse_memory(OLD.id);
    END IF;
    PERFORM agentry_memory.unlink_memories(NULL, OLD.id, 'derived_from', t.id)
    FROM unnest(OLD.trigger_memories) AS t (id)
    WHERE t.id = ANY (coalesce(NEW.trigger_memories, '{}')) IS NOT TRUE;
    PERFORM agentry_memory.link_memories(NULL, OLD.id, 'derived_from', t.id)
    FROM unnest(NEW.trigger_memories) AS t (id)
    WHERE t.id = ANY (OLD.trigger_memories) IS NOT TRUE;
    RETURN NEW;
END;
$_agent_reflections_write$;

COMMENT ON FUNCTION agentry_memory._agent_reflections_write() IS 'Writes reflections through their view.';

-- install
CREATE OR REPLACE TRIGGER agent_reflections_write
    INSTEAD OF INSERT OR UPDATE OR DELETE ON agentry_memory.agent_reflections
    FOR EACH ROW EXECUTE FUNCTION agentry_memory._agent_reflections_write();
