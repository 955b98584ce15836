-- The text of a memory is made from its content, which is refused where it is not that of its type.  Repeats what the
-- CHECK says, for an error that tells what is wanted.
CREATE OR REPLACE FUNCTION agentry_memory._agent_memories_text()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_agent_memories_text$
DECLARE
    v_text text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.content = OLD.content AND NEW.memory_type = OLD.memory_type THEN
            IF NEW.text <> OLD.text THEN
                RAISE EXCEPTION USING
                    ERRCODE = 'generated_always',
                    MESSAGE = 'the text of a memory is made from its content',
                    DETAIL  = format('Memory %s.', OLD.id),
                    HINT    = 'Change column content.';
            END IF;
            RETURN NEW;
        END IF;
    END IF;
    v_text := agentry_memory._memory_text(NEW.memory_type, NEW.content);
    IF coalesce(v_text !~ '[^[:space:]]', true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('this is no content of a memory of type %s', NEW.memory_type),
            DETAIL  = format('got: %s', coalesce(left(NEW.content::text, 200), 'NULL')),
            HINT    = CASE NEW.memory_type
                          WHEN 'episodic' THEN 'It is {"event": text or object, "temporal": text or object}'
                          WHEN 'semantic' THEN 'It is {"concept": text, "definition": text, object or array}'
                          WHEN 'procedural' THEN 'It is {"skill": text, "steps": [...]}'
                          WHEN 'working' THEN 'It is {"items": [...], "capacity": number}'
                          ELSE 'It is {"text": text}' END
                      || ', with something to read in it; a text alone will do for agentry_memory.remember().',
            SCHEMA  = TG_TABLE_SCHEMA,
            TABLE   = TG_TABLE_NAME,
            CONSTRAINT = 'agent_memories_content_check';
    END IF;
    NEW.text := v_text;
    RETURN NEW;
END;
$_agent_memories_text$;

COMMENT ON FUNCTION agentry_memory._agent_memories_text() IS
    'Makes the text of a memory from its content, and refuses content that is not that of its type.';

-- install
CREATE OR REPLACE TRIGGER agent_memories_text
    BEFORE INSERT OR UPDATE ON agentry_memory.agent_memories
    FOR EACH ROW EXECUTE FUNCTION agentry_memory._agent_memories_text();
