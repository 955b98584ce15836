-- The setting chat.notify stands in agent_chat_feed_state too, where every send finds it with the rest.
CREATE OR REPLACE FUNCTION agentry_chat._settings_in_chat()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_settings_in_chat$
DECLARE
    v_org_id uuid := coalesce(NEW.org_id, OLD.org_id);
BEGIN
    IF 'chat.notify' IN (NEW.name, OLD.name) THEN
        -- the row is made first, so that nobody makes one of the former setting; an organisation that is being deleted
        -- needs none
        IF NOT agentry._is_erasing() THEN
            PERFORM agentry_chat._begin_feed(v_org_id);
        END IF;
        UPDATE agentry_chat.agent_chat_feed_state AS f
        SET notify = agentry._setting(v_org_id, 'chat.notify') #>> '{}'
        WHERE f.org_id = v_org_id;
    END IF;
    RETURN NULL;
END;
$_settings_in_chat$;

COMMENT ON FUNCTION agentry_chat._settings_in_chat() IS
    'Keeps the setting chat.notify in agentry_chat.agent_chat_feed_state.';

-- install
CREATE OR REPLACE TRIGGER settings_in_chat
    AFTER INSERT OR UPDATE OR DELETE ON agentry.settings
    FOR EACH ROW EXECUTE FUNCTION agentry_chat._settings_in_chat();
