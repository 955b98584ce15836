-- A worker for an inbox [coder's] in psql 16 or newer: claims, answers what is no answer, looks again every second.
--
--     psql -v agent=coder -v rounds=3600 -f docs/examples/worker.sql <database>
\set QUIET on
\if :{?agent} \else
    \set agent coder
\endif
\if :{?rounds} \else
    \set rounds 2
\endif

-- psql prints notifications after a statement; it cannot wait for one, so \watch is the clock.
SELECT agentry_chat.inbox_channel(:'agent') AS channel \gset
LISTEN :"channel";

-- A round is one transaction: what was claimed in it is settled in it, or neither.
SELECT c.chat_id, c.sender, c.message,
       CASE WHEN c.reply_to IS NULL
            THEN 'answer ' || agentry_chat.reply_agent_message(c.chat_id, 'Done: ' || c.message, :'agent', c.token)
            ELSE agentry_chat.mark_agent_message(c.chat_id, :'agent', 'routed', c.token)
       END AS settled
FROM agentry_chat.claim_agent_messages(:'agent') AS c \watch i=1 c=:rounds
