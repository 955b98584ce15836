-- _is_owner(role) -> boolean
-- Whether a role may act as the owner of agentry in this database, and so is an administrator of it.
CREATE OR REPLACE FUNCTION agentry._is_owner(p_role name)
RETURNS boolean
LANGUAGE sql
STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_is_owner$
    SELECT pg_has_role(p_role, n.nspowner, 'USAGE') OR pg_has_role(p_role, n.nspowner, 'SET')
    FROM pg_namespace AS n
    WHERE n.nspname = 'agentry'
$_is_owner$;

COMMENT ON FUNCTION agentry._is_owner(name) IS
    'Whether a role may act as the owner of agentry here: by inheritance or by SET ROLE.';
