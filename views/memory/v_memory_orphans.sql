-- Entries of the semantic index without their row: there are none.
CREATE OR REPLACE VIEW agentry_memory.v_memory_orphans
WITH (security_invoker = true)
AS
SELECT s.name AS source, e.row_id AS id, e.org_id
FROM agentry_memory.memory_entries AS e
LEFT JOIN agentry_memory.memory_sources AS s ON s.source_id = e.source_id
WHERE agentry_memory._has_row(e.source_id, e.org_id, e.row_id) IS FALSE;

COMMENT ON VIEW agentry_memory.v_memory_orphans IS
    'Entries of the semantic index whose row is gone: there are none, else something passed the triggers by.';
COMMENT ON COLUMN agentry_memory.v_memory_orphans.source IS 'The source.';
COMMENT ON COLUMN agentry_memory.v_memory_orphans.id IS 'Id of the row that is gone.';
COMMENT ON COLUMN agentry_memory.v_memory_orphans.org_id IS 'Its organisation.';
