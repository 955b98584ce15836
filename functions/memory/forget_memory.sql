-- forget_memory(id) -> void
-- Deletes one memory, with its links and its entry in the semantic index.  An agent deletes its own.
-- Raises undefined_object, insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry_memory.forget_memory(p_id uuid)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $forget_memory$
BEGIN
    DELETE FROM agentry_memory.agent_memories AS m WHERE m.org_id = agentry.current_org_id() AND m.id = p_id;
    IF NOT FOUND THEN
        PERFORM agentry_memory._refuse_memory(p_id);
    END IF;
END;
$forget_memory$;

COMMENT ON FUNCTION agentry_memory.forget_memory(uuid) IS
    'Deletes one memory, with its links and its embeddings; an agent deletes its own.  To keep it but recall it no '
    'more: archive_memory().  Raises undefined_object, insufficient_privilege.';
