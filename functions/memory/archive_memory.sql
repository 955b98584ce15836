-- archive_memory(id [, archived]) -> void
-- Keeps one memory but lets it be recalled no more; false takes that back.  An agent archives its own.
-- Raises undefined_object, insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry_memory.archive_memory(p_id uuid, p_archived boolean DEFAULT true)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $archive_memory$
BEGIN
    UPDATE agentry_memory.agent_memories AS m
    SET archived_at = CASE WHEN p_archived THEN coalesce(m.archived_at, now()) END
    WHERE m.org_id = agentry.current_org_id() AND m.id = p_id;
    IF NOT FOUND THEN
        PERFORM agentry_memory._refuse_memory(p_id);
    END IF;
END;
$archive_memory$;

COMMENT ON FUNCTION agentry_memory.archive_memory(uuid, boolean) IS
    'Keeps one memory but lets it be recalled no more; p_archived => false takes that back (it needs a new embedding '
    'then).  An agent archives its own.  Raises undefined_object, insufficient_privilege.';
