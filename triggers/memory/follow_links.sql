-- Links go when a row goes that they start from or lead to, and are seen by those who see the row that they start from.
-- Arguments: kind, column with the id.
CREATE OR REPLACE FUNCTION agentry_memory._follow_links()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_follow_links$
DECLARE
    v_gone record;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM agentry_memory.memory_links AS l WHERE TG_ARGV[0] IN (l.from_kind, l.to_kind);
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        -- memory_links_ends makes the copies anew
        EXECUTE format(
            'UPDATE agentry_memory.memory_links AS l SET scope = n.scope '
            'FROM new_rows AS n JOIN old_rows AS o ON o.org_id = n.org_id AND o.%1$I = n.%1$I '
            'WHERE l.org_id = n.org_id AND l.from_kind = $1 AND l.from_id = n.%1$I '
            'AND (n.agent_id, n.user_id, n.team_id, n.scope) '
            'IS DISTINCT FROM (o.agent_id, o.user_id, o.team_id, o.scope)', TG_ARGV[1])
        USING TG_ARGV[0];
    END IF;
    FOR v_gone IN EXECUTE format(
        'SELECT g.org_id, array_agg(g.id) AS ids FROM (SELECT o.org_id, o.%1$I AS id FROM old_rows AS o %2$s) AS g '
        'GROUP BY g.org_id', TG_ARGV[1],
        CASE TG_OP WHEN 'UPDATE' THEN format('EXCEPT SELECT n.org_id, n.%I FROM new_rows AS n', TG_ARGV[1]) END)
    LOOP
        PERFORM agentry_memory._unlink(TG_ARGV[0], v_gone.ids, v_gone.org_id);
    END LOOP;
    RETURN NULL;
END;
$_follow_links$;

COMMENT ON FUNCTION agentry_memory._follow_links() IS
    'Takes links away with their rows, and keeps who sees them; set by _register_link_kind().';
