-- _feed_position(organisation) -> place, announce: place of this transaction's messages in the feed, and how their
-- recipients are told (NULL: not)
-- The place is the transaction id, plus an offset that makes up for a restore: the ids of a server only rise, but
-- another server counts from elsewhere.  The server is known by its system identifier, which no dump carries; the
-- session keeps it in agentry_chat.server, as reading it takes longer than all the rest.  A forged one leads here, to
-- the true one; that of the server a dump came from only until somebody's first message on this one.
CREATE OR REPLACE FUNCTION agentry_chat._feed_position(p_org_id uuid, OUT place bigint, OUT announce text)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_feed_position$
DECLARE
    v_server bigint := (SELECT c.system_identifier FROM pg_control_system() AS c);
BEGIN
    LOOP
        SELECT f.position_offset + pg_current_xact_id()::text::bigint, nullif(f.notify, 'off')
        INTO place, announce
        FROM agentry_chat.agent_chat_feed_state AS f
        WHERE f.org_id = p_org_id AND f.system_identifier = v_server;
        EXIT WHEN FOUND;
        PERFORM agentry_chat._begin_feed(p_org_id);
    END LOOP;
    PERFORM set_config('agentry_chat.server', v_server::text, false);
END;
$_feed_position$;

COMMENT ON FUNCTION agentry_chat._feed_position(uuid) IS
    'Place of the messages of this transaction in the feed, and how their recipients are told.';
