-- _announce(organisation, chat_id, sender, agents, mode): tells recipients of a message, in its commit
-- Mode wake: of several senders that find an inbox not told, one tells it.  See the picture in agent_chat_notify.
CREATE OR REPLACE FUNCTION agentry_chat._announce(
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
AS $_announce$
DECLARE
    v_agents  text[] := p_agents;
    v_buckets integer[];
BEGIN
    IF p_mode = 'wake' THEN
        v_buckets := agentry_chat._wake_keys(p_org_id, v_agents);
        IF (SELECT coalesce(bool_and(pg_try_advisory_xact_lock_shared(agentry_chat._wake_class(1), b)), true)
            FROM unnest(v_buckets) AS b)
           OR agentry_chat._wait_for_buckets(1, v_buckets, false) THEN
            v_agents  := agentry_chat._untold(p_org_id, v_agents);
            v_buckets := agentry_chat._wake_keys(p_org_id, v_agents);
            -- several in their order: to try each would take some that another broadcast waits for
            IF cardinality(v_buckets) = 1 AND pg_try_advisory_xact_lock(agentry_chat._wake_class(2), v_buckets[1])
               OR agentry_chat._wait_for_buckets(2, v_buckets, false) THEN
                -- somebody may have told them meanwhile
                v_agents := agentry_chat._untold(p_org_id, v_agents);
                INSERT INTO agentry_chat.agent_chat_told (org_id, agent)
                SELECT p_org_id, a FROM unnest(v_agents) AS a;
            END IF;
        END IF;
    END IF;
    PERFORM agentry_chat._notify(p_org_id, p_chat_id, p_sender, v_agents, p_mode);
END;
$_announce$;

COMMENT ON FUNCTION agentry_chat._announce(uuid, bigint, text, text[], text) IS
    'Tells recipients of a message, in its commit.';
