-- _wrong_event_sql() -> text
-- The query for the memory of an event among new_rows that is not as its memory is: of another owner or scope, or of a
-- memory that was redacted.  $1, $2: first and last time of the memories.  A text, as the tables of changed rows are
-- seen by a trigger's own function alone, and the times are to prune the months.
CREATE OR REPLACE FUNCTION agentry_memory._wrong_event_sql()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_wrong_event_sql$
    SELECT 'SELECT n.memory_id '
           'FROM new_rows AS n '
           'LEFT JOIN agentry_memory.raw_memories AS r '
           'ON r.org_id = n.org_id AND r.created_at = n.memory_created_at AND r.memory_id = n.memory_id '
           'AND r.created_at BETWEEN $1 AND $2 '
           'WHERE (r.agent_id, r.user_id, r.team_id, r.scope) '
           'IS DISTINCT FROM (n.agent_id, n.user_id, n.team_id, n.scope) '
           'OR r.redacted_at IS NOT NULL '
           'LIMIT 1'
$_wrong_event_sql$;

COMMENT ON FUNCTION agentry_memory._wrong_event_sql() IS
    'The query for an event among new_rows that is not as its memory.';
