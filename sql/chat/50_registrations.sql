-- What chat registers with core's registries.

INSERT INTO agentry.health_checks (name, query, description)
VALUES
    ('chat.dead_letters',
     $$SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warning' END, format('%s dead letters', count(*))
       FROM agentry_chat.agent_chat_processed WHERE dead_at IS NOT NULL$$,
     'No message ran out of attempts.  If one did, look at agentry_chat.v_dead_letters.'),
    ('chat.inboxes',
     $$SELECT CASE WHEN min(p.available_at) < agentry._clock() - interval '1 day' THEN 'warning' ELSE 'ok' END,
              format('%s open messages, the oldest due since %s',
                     count(*), coalesce(min(p.available_at)::text, 'never'))
       FROM agentry_chat.agent_chat_processed AS p WHERE p.settled_at IS NULL$$,
     'Inboxes are emptied.  If not, see agentry_chat.v_agent_chat_stats for whose.')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, description = excluded.description;

INSERT INTO agentry.metrics (name, query, unit, description)
VALUES
    ('chat.open', 'SELECT status, count(*) FROM agentry_chat.agent_chat_processed WHERE settled_at IS NULL '
                  'GROUP BY status ORDER BY status', 'messages', 'Open deliveries by status.'),
    ('chat.dead', 'SELECT NULL::text, count(*) FROM agentry_chat.agent_chat_processed WHERE dead_at IS NOT NULL',
     'messages', 'Dead letters.')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, unit = excluded.unit, description = excluded.description;

INSERT INTO agentry.tools (name, function, description)
SELECT t.name, t.function, obj_description(t.function, 'pg_proc')
FROM (VALUES
    ('send_agent_message',
     'agentry_chat.send_agent_message(text,text,text[],bigint,interval,integer,text)'::regprocedure),
    ('reply_agent_message',
     'agentry_chat.reply_agent_message(bigint,text,text,integer,interval,integer,text)'::regprocedure),
    ('peek_agent_messages', 'agentry_chat.peek_agent_messages(text,integer)'::regprocedure),
    ('mark_agent_message', 'agentry_chat.mark_agent_message(bigint,text,text,integer,text)'::regprocedure)
) AS t (name, function)
ON CONFLICT (name) DO UPDATE SET function = excluded.function, description = excluded.description;
