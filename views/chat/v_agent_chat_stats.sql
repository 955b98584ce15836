CREATE OR REPLACE VIEW agentry_chat.v_agent_chat_stats
WITH (security_invoker = true) AS
SELECT a.name AS agent,
       coalesce(o.pending, 0) AS pending,
       coalesce(o.leased, 0) AS leased,
       coalesce(d.dead, 0) AS dead,
       o.oldest_pending_age
FROM agentry.agents AS a
LEFT JOIN (
    SELECT p.agent,
           count(*) FILTER (WHERE NOT coalesce(p.lease_until > clock_timestamp(), false)) AS pending,
           count(*) FILTER (WHERE p.lease_until > clock_timestamp()) AS leased,
           clock_timestamp() - min(m."timestamp") FILTER (WHERE NOT coalesce(p.lease_until > clock_timestamp(), false))
               AS oldest_pending_age
    FROM agentry_chat.agent_chat_processed AS p
    JOIN agentry_chat.agent_chat AS m ON m.org_id = p.org_id AND m.id = p.chat_id
    WHERE p.org_id = (SELECT agentry.current_org_id())
      AND p.settled_at IS NULL
    GROUP BY p.agent
) AS o ON o.agent = a.name
LEFT JOIN (
    SELECT p.agent, count(*) AS dead
    FROM agentry_chat.agent_chat_processed AS p
    WHERE p.org_id = (SELECT agentry.current_org_id())
      AND p.dead_at IS NOT NULL
    GROUP BY p.agent
) AS d ON d.agent = a.name
WHERE a.org_id = (SELECT agentry.current_org_id())
  AND (o.agent IS NOT NULL OR d.agent IS NOT NULL);

COMMENT ON VIEW agentry_chat.v_agent_chat_stats IS
    'Inboxes with open or dead messages, as far as whoever is asking may read them.  Reads open and dead deliveries '
    'only.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_stats.agent IS 'Name of the recipient.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_stats.pending IS
    'Open messages that nobody holds, those that wait after a failure too.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_stats.leased IS 'Messages under a claim that has not run out.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_stats.dead IS 'Messages whose last attempt failed.';
COMMENT ON COLUMN agentry_chat.v_agent_chat_stats.oldest_pending_age IS 'Age of the oldest pending message.';
