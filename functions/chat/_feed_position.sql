-- _feed_position(organisation) -> bigint: place of this transaction's messages in the feed
-- It is the transaction id, plus an offset that makes up for a restore: the ids of a server only rise, but another
-- server counts from elsewhere.  The server is known by its system identifier, which no dump carries and which
-- pg_control_system() reads in a few microseconds.
CREATE OR REPLACE FUNCTION agentry_chat._feed_position(p_org_id uuid)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_feed_position$
DECLARE
    v_offset bigint;
BEGIN
    SELECT f.position_offset
    INTO v_offset
    FROM agentry_chat.agent_chat_feed_state AS f
    WHERE f.org_id = p_org_id AND f.system_identifier = (SELECT c.system_identifier FROM pg_control_system() AS c);
    IF v_offset IS NULL THEN
        v_offset := agentry_chat._begin_feed(p_org_id);
    END IF;
    RETURN v_offset + pg_current_xact_id()::text::bigint;
END;
$_feed_position$;

COMMENT ON FUNCTION agentry_chat._feed_position(uuid) IS 'Place of the messages of this transaction in the feed.';
