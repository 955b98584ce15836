-- _check_reach(): refuses where a table with personal data is not the owner's, whom its policies would hide rows from
-- Raises object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry._check_reach()
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_check_reach$
DECLARE
    v_row record;
BEGIN
    SELECT t.part AS name, pg_get_userbyid(c.relowner) AS owner, pg_get_userbyid(n.nspowner) AS ours
    INTO v_row
    FROM (SELECT DISTINCT d.table_name FROM agentry.personal_data AS d WHERE d.erase_action <> 'none') AS d
    CROSS JOIN LATERAL agentry._with_archive(d.table_name) AS t (part)
    JOIN pg_class AS c ON c.oid = t.part
    JOIN pg_namespace AS n ON n.nspname = 'agentry'
    WHERE NOT pg_has_role(n.nspowner, c.relowner, 'USAGE')
    ORDER BY t.part::text COLLATE "C"
    LIMIT 1;
    IF v_row.name IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('personal data in table %s is out of reach', v_row.name),
            DETAIL  = format('It belongs to %s, not to %s.', v_row.owner, v_row.ours),
            HINT    = format('ALTER TABLE %s OWNER TO %I;', v_row.name, v_row.ours);
    END IF;
END;
$_check_reach$;

COMMENT ON FUNCTION agentry._check_reach() IS 'Refuses where a table with personal data does not belong to the owner.';
