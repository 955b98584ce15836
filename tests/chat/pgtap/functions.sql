-- Public functions of agentry_chat: arguments, result, volatility, whose rights they have, who may call them.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE fact (name name, arguments name[], result text, volatility text, rights text, callers text)
ON COMMIT DROP;
INSERT INTO fact VALUES
    ('agent_chat_feed', '{text,integer}', 'setof record', 'stable', 'owner', 'groups'),
    ('claim_agent_messages', '{text,integer,interval,boolean}', 'setof record', 'volatile', 'owner', 'groups'),
    ('expire_agent_chat', '{interval,integer}', 'bigint', 'volatile', 'caller', 'nobody'),
    ('expire_agent_messages', '{integer}', 'bigint', 'volatile', 'caller', 'nobody'),
    ('extend_agent_message', '{bigint,text,interval,integer}', 'timestamp with time zone', 'volatile', 'owner',
     'groups'),
    ('extend_agent_messages', '{jsonb}', 'setof record', 'volatile', 'owner', 'groups'),
    ('inbox_channel', '{text}', 'text', 'stable', 'owner', 'groups'),
    ('mark_agent_message', '{bigint,text,text,integer,text}', 'text', 'volatile', 'owner', 'groups'),
    ('mark_agent_messages', '{jsonb}', 'setof record', 'volatile', 'owner', 'groups'),
    ('peek_agent_messages', '{text,integer}', 'setof record', 'stable', 'owner', 'groups'),
    ('release_agent_message', '{bigint,text,integer}', 'void', 'volatile', 'owner', 'groups'),
    ('release_agent_messages', '{jsonb}', 'integer', 'volatile', 'owner', 'groups'),
    ('reply_agent_message',
     '{bigint, text, text, integer, interval, integer, text}',
     'bigint', 'volatile', 'owner', 'groups'),
    ('requeue_agent_message', '{bigint,text}', 'void', 'volatile', 'owner', 'groups'),
    ('reset_agent_breaker', '{text}', 'void', 'volatile', 'owner', 'groups'),
    ('send_agent_message', '{text,text,text[],bigint,interval,integer,text}', 'bigint', 'volatile', 'owner', 'groups'),
    ('send_agent_messages', '{jsonb}', 'bigint[]', 'volatile', 'owner', 'groups'),
    ('withdraw_agent_message', '{bigint,text}', 'integer', 'volatile', 'owner', 'groups');

SELECT set_eq(
    $$SELECT proname, oidvectortypes(proargtypes) FROM pg_proc
      WHERE pronamespace = 'agentry_chat'::regnamespace
        AND proname NOT LIKE '\_%' AND prorettype <> 'trigger'::regtype$$,
    $$SELECT name, array_to_string(arguments, ', ') FROM fact$$, 'public functions of agentry_chat');
SELECT function_returns('agentry_chat', name, arguments, result, name || ' returns ' || result) FROM fact;
SELECT volatility_is('agentry_chat', name, arguments, volatility, name || ' is ' || volatility) FROM fact;
SELECT is_definer('agentry_chat', name, arguments, name || ' has the rights of its owner')
FROM fact WHERE rights = 'owner';
SELECT isnt_definer('agentry_chat', name, arguments, name || ' has the rights of its caller')
FROM fact WHERE rights = 'caller';
SELECT function_owner_is('agentry_chat', name, arguments, 'agentry_owner', name || ' belongs to agentry_owner')
FROM fact;
SELECT function_privs_are('agentry_chat', f.name, f.arguments, r.role,
                          CASE WHEN f.callers = 'groups' AND r.role <> 'public' THEN '{EXECUTE}' ELSE '{}' END::text[],
                          r.role || ' on ' || f.name)
FROM fact AS f, unnest('{public,agentry_app,agentry_agent,agentry_reader}'::name[]) AS r (role);

-- internal functions: most are out of reach, and have the rights of their caller
CREATE TEMPORARY TABLE internal ON COMMIT DROP AS
SELECT p.proname, p.prosecdef,
       EXISTS (SELECT FROM unnest('{public,agentry_app,agentry_agent,agentry_reader}'::name[]) AS r (role)
               WHERE has_function_privilege(r.role, p.oid, 'EXECUTE')) AS reached
FROM pg_proc AS p
WHERE p.pronamespace = 'agentry_chat'::regnamespace AND p.proname LIKE '\_%';
SELECT is_empty('SELECT proname FROM internal WHERE reached',
                'no internal function of agentry_chat that others may call');
SELECT set_eq('SELECT DISTINCT proname FROM internal WHERE prosecdef',
              '{_agent_chat_delivered, _agent_chat_notify, _agent_chat_processed_references,
                _agent_chat_processed_reopened, _agent_chat_references, _agents_in_chat, _settings_in_chat}'::name[],
              'internal functions of agentry_chat with the rights of their owner');

SELECT * FROM finish();
ROLLBACK;
