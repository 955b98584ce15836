-- _begin_feed(organisation)
-- The first message of an organisation on a server: what is sent from here on comes after all that is there.  Others
-- that would be first wait for this transaction.
CREATE OR REPLACE FUNCTION agentry_chat._begin_feed(p_org_id uuid)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_begin_feed$
DECLARE
    v_here bigint := (SELECT c.system_identifier FROM pg_control_system() AS c);
BEGIN
    INSERT INTO agentry_chat.agent_chat_feed_state (org_id, system_identifier, position_offset, notify)
    VALUES (p_org_id, v_here, 0, agentry._setting(p_org_id, 'chat.notify') #>> '{}')
    ON CONFLICT (org_id) DO NOTHING;
    UPDATE agentry_chat.agent_chat_feed_state AS f
    SET system_identifier = v_here,
        position_offset = coalesce((SELECT max(m.position) FROM agentry_chat.agent_chat AS m
                                    WHERE m.org_id = p_org_id), 0)
    WHERE f.org_id = p_org_id AND f.system_identifier <> v_here;
END;
$_begin_feed$;

COMMENT ON FUNCTION agentry_chat._begin_feed(uuid) IS
    'Begins the feed of an organisation on this server, after all positions that are there.';
