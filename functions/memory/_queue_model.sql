-- _queue_model(organisation, model_id) -> count
-- Queues every entry of an organisation that has no embedding by a model and does not wait for one; returns how many.
-- In batches, as what is checked at the end of a statement is kept in memory until then.
CREATE OR REPLACE FUNCTION agentry_memory._queue_model(p_org_id uuid, p_model_id integer)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_queue_model$
DECLARE
    v_after bigint := 0;
    v_added bigint;
    v_count bigint := 0;
BEGIN
    LOOP
        WITH missing AS MATERIALIZED (
            SELECT e.id
            FROM agentry_memory.memory_entries AS e
            WHERE e.org_id = p_org_id
              AND e.id > v_after
              AND NOT EXISTS (SELECT
                              FROM agentry_memory.memory_vectors AS v
                              WHERE v.org_id = p_org_id AND v.entry_id = e.id AND v.model_id = p_model_id)
              AND NOT EXISTS (SELECT
                              FROM agentry_memory.embedding_queue AS q
                              WHERE q.org_id = p_org_id AND q.entry_id = e.id AND q.model_id = p_model_id)
            ORDER BY e.id
            LIMIT 10000
        ), added AS (
            INSERT INTO agentry_memory.embedding_queue (org_id, entry_id, model_id, priority)
            SELECT p_org_id, m.id, p_model_id, 9
            FROM missing AS m
            ORDER BY m.id
            ON CONFLICT DO NOTHING
            RETURNING entry_id
        )
        SELECT max(m.id), (SELECT count(*) FROM added) INTO v_after, v_added FROM missing AS m;
        EXIT WHEN v_after IS NULL;
        v_count := v_count + v_added;
    END LOOP;
    RETURN v_count;
END;
$_queue_model$;

COMMENT ON FUNCTION agentry_memory._queue_model(uuid, integer) IS
    'Queues every entry of an organisation that has no embedding by a model and does not wait for one.';
