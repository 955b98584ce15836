-- agentry in sixty seconds, in psql, no Python.
--
--     psql -f docs/quickstart.sql <database>
--
-- in a database where agentry is installed, as an administrator of it: a superuser, or the role that installed it.
-- It can be run again: agents are registered once, messages carry idempotency keys.
\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
SET search_path = public, agentry, agentry_chat;

\echo '1. Two agents, and one that looks after the roster.'
SELECT register_agent('nova', 'Keeps the plan and decides') IS NOT NULL AS nova,
       register_agent('coder', 'Writes the code', p_aliases => '{dev}', p_domains => '{Software}') IS NOT NULL AS coder,
       register_agent('newhart', 'Keeps the roster', p_domains => '{Agent Management}') IS NOT NULL AS newhart;

\echo '2. Messages: to an agent, to a domain, to everyone.'
SELECT send_agent_message('nova', 'Can you review the latest PR?', ARRAY['dev'],
                          p_idempotency_key => 'quick-1') AS review \gset
SELECT send_agent_message('nova', 'Who knows the build?', ARRAY['domain:Software'],
                          p_idempotency_key => 'quick-2') AS build \gset
SELECT send_agent_message('nova', 'Deploying at 5pm today', ARRAY['*'],
                          p_idempotency_key => 'quick-3') AS deploy \gset
SELECT id, sender, recipients, message FROM v_agent_chat_recent WHERE id IN (:review, :build, :deploy);

\echo '3. coder takes what is in its inbox, for five minutes, and answers one.'
SELECT chat_id, sender, message, token FROM claim_agent_messages('coder');
SELECT reply_agent_message(:review, 'Looks good. One nit.', 'coder', p_idempotency_key => 'quick-4') AS reply \gset
SELECT mark_agent_message(:build, 'coder', 'routed');
SELECT mark_agent_message(:deploy, 'coder', 'routed');
SELECT agent, chat_id, sender, message, status FROM v_agent_inbox WHERE chat_id IN (:review, :build, :deploy, :reply);

\echo '4. A key for coder: it logs in, and the database knows who it is until the transaction ends.'
SELECT create_api_key('coder', 'quickstart', interval '10 minutes') AS key \gset
SELECT login(:'key') AS token \gset
SELECT pg_has_role('agentry_agent', 'SET') AS may \gset
BEGIN;
\if :may
    SET LOCAL ROLE agentry_agent;
\else
    \echo '   You may not SET ROLE agentry_agent: tables take you for their owner, the UPDATE below is not refused.'
\endif
SELECT use_session(:'token');
SELECT kind, agent, road FROM whoami();
SELECT count(*) AS mine FROM v_agent_chat_recent;

\echo '5. It cannot write as another, nor change the roster; the refusal says who may.'
SAVEPOINT a;
\set ON_ERROR_STOP off
SELECT send_agent_message('nova', 'coder needs a holiday', ARRAY['newhart']);
ROLLBACK TO a;
UPDATE agents SET role = 'chief' WHERE name = 'coder';
ROLLBACK TO a;
\set ON_ERROR_STOP on

\echo '6. So it asks.'
SELECT send_agent_message(NULL, 'May I be called chief?', ARRAY['newhart'],
                          p_idempotency_key => 'quick-5') IS NOT NULL AS asked;
COMMIT;

\echo '7. Every function explains itself.'
SELECT description FROM help('claim_agent') \g (format=unaligned tuples_only=on)
