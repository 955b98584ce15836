-- A message goes only after its deliveries; see agent_chat_references.
CREATE OR REPLACE FUNCTION agentry_chat._agent_chat_delivered()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_agent_chat_delivered$
DECLARE
    v_id bigint;
BEGIN
    SELECT o.id
    INTO v_id
    FROM old_rows AS o
    WHERE EXISTS (SELECT
                  FROM agentry_chat.agent_chat_processed AS p
                  WHERE p.org_id = o.org_id AND p.agent = ANY (o.readers) AND p.chat_id = o.id)
    LIMIT 1;
    IF v_id IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = format('message %s still has deliveries', v_id),
            DETAIL  = 'agentry_chat.agent_chat_processed refers to it.',
            HINT    = 'Delete its deliveries first.',
            CONSTRAINT = 'agent_chat_processed_chat_id_fkey';
    END IF;
    RETURN NULL;
END;
$_agent_chat_delivered$;

COMMENT ON FUNCTION agentry_chat._agent_chat_delivered() IS 'Refuses to delete messages that still have deliveries.';

-- install
CREATE OR REPLACE TRIGGER agent_chat_delivered
    AFTER DELETE ON agentry_chat.agent_chat
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION agentry_chat._agent_chat_delivered();
