-- _tell(organisation, agent, chat_id, sender): tells an inbox that a message of it is due again
CREATE OR REPLACE FUNCTION agentry_chat._tell(p_org_id uuid, p_agent text, p_chat_id bigint, p_sender text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_tell$
DECLARE
    v_mode text := agentry._setting(p_org_id, 'chat.notify') #>> '{}';
BEGIN
    IF v_mode <> 'off' THEN
        PERFORM agentry_chat._notify(p_org_id, p_chat_id, p_sender, ARRAY[p_agent], v_mode);
    END IF;
END;
$_tell$;

COMMENT ON FUNCTION agentry_chat._tell(uuid, text, bigint, text) IS
    'Tells an inbox that a message of it is due again, whether it was told before or not.';
