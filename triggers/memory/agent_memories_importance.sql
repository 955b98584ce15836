-- What fades is computed when it is read; the importance that it is computed from stays as it was, for everyone.
CREATE OR REPLACE FUNCTION agentry_memory._agent_memories_importance()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_agent_memories_importance$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        MESSAGE = 'the importance of a memory never changes',
        DETAIL  = format('Memory %s has %s, got %s.', OLD.id, OLD.importance, coalesce(NEW.importance::text, 'NULL')),
        HINT    = 'Its strength fades by itself: see agentry_memory.v_memory_strength, decay_rate and pinned.  Or '
                  'remember it anew, with a link that says supersedes.',
        SCHEMA  = TG_TABLE_SCHEMA,
        TABLE   = TG_TABLE_NAME,
        COLUMN  = 'importance';
END;
$_agent_memories_importance$;

COMMENT ON FUNCTION agentry_memory._agent_memories_importance() IS 'Refuses to change the importance of a memory.';

-- install
CREATE OR REPLACE TRIGGER agent_memories_importance
    BEFORE UPDATE ON agentry_memory.agent_memories
    FOR EACH ROW WHEN (OLD.importance IS DISTINCT FROM NEW.importance)
    EXECUTE FUNCTION agentry_memory._agent_memories_importance();
