-- _queue_missing() -> count
-- Queues whatever has no embedding by a model of its organisation and does not wait for one: entries whose transaction
-- was under way when the organisation took the model, and could not see it.  For maintenance.
CREATE OR REPLACE FUNCTION agentry_memory._queue_missing()
RETURNS bigint
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_queue_missing$
    SELECT coalesce(sum(agentry_memory._queue_model(o.org_id, o.model_id)), 0)
    FROM (SELECT m.org_id, m.model_id FROM agentry_memory.organization_models AS m ORDER BY 1, 2) AS o
$_queue_missing$;

COMMENT ON FUNCTION agentry_memory._queue_missing() IS
    'Queues whatever has no embedding by a model of its organisation and does not wait for one; for maintenance.';
