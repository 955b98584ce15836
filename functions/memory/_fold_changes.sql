-- _fold_changes(organisation, owner [, least]) -> bigint
-- Adds the changes of an owner up into the document frequencies, once there are as many as least; returns how many.
-- Waits for nobody: changes that somebody else is adding up just now are passed over.  Index scans alone let go of
-- entries of rows that are gone; a bitmap scan would read them, of all changes since the last vacuum, each time.
CREATE OR REPLACE FUNCTION agentry_memory._fold_changes(p_org_id uuid, p_owner_id uuid, p_least integer DEFAULT 64)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $_fold_changes$
DECLARE
    v_terms   bigint[];
    v_counts  integer[];
    v_entries bigint;
    v_length  bigint;
    v_changes bigint;
BEGIN
    IF NOT agentry_memory._may_count()
       OR (SELECT count(*)
           FROM (SELECT
                 FROM agentry_memory.memory_changes AS c
                 WHERE c.org_id = p_org_id AND c.owner_id = p_owner_id
                 LIMIT p_least) AS c) < p_least THEN
        RETURN 0;
    END IF;
    WITH taken AS MATERIALIZED (
        DELETE FROM agentry_memory.memory_changes AS c
        WHERE c.ctid = ANY (ARRAY(
            SELECT h.ctid
            FROM agentry_memory.memory_changes AS h
            WHERE h.org_id = p_org_id AND h.owner_id = p_owner_id
            FOR UPDATE SKIP LOCKED))
        RETURNING c.entries, c.length, c.terms
    ), counted AS (
        SELECT u.term, sum(t.entries)::integer AS entries
        FROM taken AS t
        CROSS JOIN LATERAL unnest(t.terms) AS u (term)
        GROUP BY u.term
        HAVING sum(t.entries) <> 0
    )
    SELECT (SELECT array_agg(c.term) FROM counted AS c), (SELECT array_agg(c.entries) FROM counted AS c),
           sum(t.entries), sum(t.length), count(*)
    INTO v_terms, v_counts, v_entries, v_length, v_changes
    FROM taken AS t;
    IF v_changes > 0 THEN
        PERFORM agentry_memory._add_terms(p_org_id, v_terms, v_counts);
        PERFORM agentry_memory._add_owner(p_org_id, p_owner_id, v_entries, v_length);
    END IF;
    RETURN v_changes;
END;
$_fold_changes$;

COMMENT ON FUNCTION agentry_memory._fold_changes(uuid, uuid, integer) IS
    'Adds the changes of an owner up into the document frequencies.';
