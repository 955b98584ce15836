-- _memory_channel(organisation) -> text: the channel on which new memories are told
-- memory_update in the default organisation; elsewhere a name that comes from a secret of this database.
CREATE OR REPLACE FUNCTION agentry_memory._memory_channel(p_org_id uuid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_memory_channel$
    SELECT CASE
               WHEN o.is_default THEN 'memory_update'
               ELSE 'memory_update_'
                    || left(encode(sha256(s.value || uuid_send(o.id) || '\x6d656d6f7279'::bytea), 'hex'), 40)
           END
    FROM agentry.organizations AS o
    JOIN agentry.secrets AS s ON s.name = 'channel'
    WHERE o.id = p_org_id
$_memory_channel$;

COMMENT ON FUNCTION agentry_memory._memory_channel(uuid) IS 'The channel on which new memories are told.';
