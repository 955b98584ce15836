-- _notify(organisation, chat_id, sender, agents, mode): the notifications of one message
-- The default organisation is on channel agent_chat; others have a channel for each inbox and ids only.  A payload is
-- below 8,000 bytes: with many recipients, mode each counts them, mode wake sends several.
CREATE OR REPLACE FUNCTION agentry_chat._notify(
    p_org_id  uuid,
    p_chat_id bigint,
    p_sender  text,
    p_agents  text[],
    p_mode    text
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_notify$
DECLARE
    v_many boolean := cardinality(p_agents) > 16;
BEGIN
    IF p_agents = '{}' THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM agentry.organizations AS o WHERE o.id = p_org_id AND o.is_default) THEN
        PERFORM pg_notify(agentry_chat._channel(p_org_id, a.name), jsonb_build_object('id', p_chat_id)::text)
        FROM unnest(p_agents) AS a (name);
    ELSIF p_mode = 'each' THEN
        PERFORM pg_notify('agent_chat', (
            jsonb_build_object('id', p_chat_id, 'sender', p_sender)
            || CASE
                   WHEN v_many
                   THEN jsonb_build_object('recipients', jsonb_build_array('*'), 'count', cardinality(p_agents))
                   ELSE jsonb_build_object('recipients', ARRAY(SELECT a FROM unnest(p_agents) AS a ORDER BY a))
               END)::text);
    ELSE
        -- 16 names of at most 100 characters stay below the limit in any encoding
        PERFORM pg_notify('agent_chat', jsonb_build_object('recipients', jsonb_agg(a.name ORDER BY a.n))::text)
        FROM unnest(p_agents) WITH ORDINALITY AS a (name, n)
        GROUP BY (a.n - 1) / 16;
    END IF;
END;
$_notify$;

COMMENT ON FUNCTION agentry_chat._notify(uuid, bigint, text, text[], text) IS 'Sends the notifications of one message.';
