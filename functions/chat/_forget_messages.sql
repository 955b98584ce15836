-- _forget_messages(organisation, subject) -> bigint
-- Erases what an agent wrote.  Answers of others stay, and keep their thread; what they answered is gone.
CREATE OR REPLACE FUNCTION agentry_chat._forget_messages(p_org_id uuid, p_subject jsonb)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_forget_messages$
DECLARE
    v_done bigint;
BEGIN
    UPDATE agentry_chat.agent_chat AS m
    SET reply_to = NULL
    FROM agentry_chat.agent_chat AS o
    WHERE o.org_id = p_org_id AND o.sender = p_subject ->> 'agent_name' AND m.org_id = o.org_id AND m.reply_to = o.id;
    DELETE FROM agentry_chat.agent_chat AS m WHERE m.org_id = p_org_id AND m.sender = p_subject ->> 'agent_name';
    GET DIAGNOSTICS v_done = ROW_COUNT;
    RETURN v_done;
END;
$_forget_messages$;

COMMENT ON FUNCTION agentry_chat._forget_messages(uuid, jsonb) IS 'Erases what an agent wrote.';
