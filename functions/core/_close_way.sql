-- _close_way(id, counts): ends what _open_way() began; a move of rows that came back leaves no receipt
CREATE OR REPLACE FUNCTION agentry._close_way(p_id uuid, p_counts jsonb DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_close_way$
BEGIN
    DELETE FROM agentry.erasures AS e WHERE e.id = p_id AND e.kind = 'move';
    UPDATE agentry.erasures AS e SET finished_at = agentry._clock(), counts = p_counts WHERE e.id = p_id;
END;
$_close_way$;

COMMENT ON FUNCTION agentry._close_way(uuid, jsonb) IS 'Ends the way past locks and immutability that _open_way() opened.';
