-- _acting_role() -> name
-- The role that SET ROLE chose, else the session user.  A SECURITY DEFINER frame does not change it.
CREATE OR REPLACE FUNCTION agentry._acting_role()
RETURNS name
LANGUAGE sql
STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $_acting_role$
    SELECT CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END
$_acting_role$;

COMMENT ON FUNCTION agentry._acting_role() IS 'The role that SET ROLE chose, else the session user.';
