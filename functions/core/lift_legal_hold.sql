-- lift_legal_hold(id) -> boolean: ends a hold; false where there is none that holds.  For applications and
-- administrators.
-- Raises insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry.lift_legal_hold(p_id uuid)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $lift_legal_hold$
BEGIN
    UPDATE agentry.legal_holds AS h
    SET lifted_at = agentry._clock()
    WHERE h.org_id = (agentry._caller()).org_id AND h.id = p_id AND h.lifted_at IS NULL;
    RETURN FOUND;
END;
$lift_legal_hold$;

COMMENT ON FUNCTION agentry.lift_legal_hold(uuid) IS
    'Ends a legal hold; false where there is none that holds.  For applications and administrators.  Raises '
    'insufficient_privilege.';
