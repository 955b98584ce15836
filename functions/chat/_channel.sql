-- _channel(organisation, agent) -> text: the channel of an inbox; its name comes from a secret of this database
CREATE OR REPLACE FUNCTION agentry_chat._channel(p_org_id uuid, p_agent text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_channel$
    SELECT 'agent_chat_'
           || left(encode(sha256(s.value || uuid_send(p_org_id) || convert_to(p_agent, 'UTF8')), 'hex'), 40)
    FROM agentry.secrets AS s
    WHERE s.name = 'channel'
$_channel$;

COMMENT ON FUNCTION agentry_chat._channel(uuid, text) IS 'The channel of an inbox, a name that nobody can guess.';
