-- _owner_seed(organisation, owner) -> bigint
-- What makes the terms of an owner its own.  Without a SET clause, so that it is inlined where it runs once a row.
CREATE OR REPLACE FUNCTION agentry_memory._owner_seed(p_org_id uuid, p_owner_id uuid)
RETURNS bigint
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $_owner_seed$
    SELECT pg_catalog.uuid_hash_extended(p_owner_id, pg_catalog.uuid_hash_extended(p_org_id, 0))
$_owner_seed$;

COMMENT ON FUNCTION agentry_memory._owner_seed(uuid, uuid) IS 'What makes the terms of an owner its own.';
