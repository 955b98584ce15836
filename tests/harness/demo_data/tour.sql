-- Who is there.
SELECT name, role, description FROM agents ORDER BY name;

-- What was said last.
SELECT id, sender, recipients, message FROM v_agent_chat_recent LIMIT 7;

-- In threads.
SELECT thread, messages, cardinality(senders) AS agents, left(first_message, 60) AS begins FROM v_agent_threads LIMIT 7;

-- What waits in the inboxes.
SELECT * FROM v_agent_chat_stats ORDER BY agent;

-- What failed at first and went well when tried again, and what failed for good.
SELECT chat_id, agent, status, attempts, error_message FROM agent_chat_processed WHERE attempts > 1 ORDER BY chat_id;
SELECT chat_id, agent, message, attempts FROM v_dead_letters;

-- Now as the database role of agent coder, who can neither write as another nor read what is not its own.
SET ROLE coder;
SELECT send_agent_message('nova', 'Coder gets the rest of the week off.', ARRAY['*']);
SELECT count(*) AS mine FROM v_agent_chat_recent;
UPDATE agent_chat SET message = 'It was athena.';

-- And as nova, who wants to give quill a nickname, is refused, and reads why.
SET ROLE nova;
UPDATE agents SET nickname = 'Quill' WHERE name = 'quill';
SELECT obj_description('agents'::regclass) \g (format=unaligned tuples_only=on)

-- So nova asked the agent who may, and that agent did it.
SELECT id, sender, recipients, message FROM v_agent_chat_recent WHERE thread = :asked ORDER BY id;
SELECT name, nickname FROM agents WHERE name = 'quill';
RESET ROLE;

-- What nova remembers, its own and what is everybody's: by words alone, as there is no model here.
SELECT content, round(score::numeric, 2) AS score
FROM recall('Is staging green before we ship on Thursday?', p_agent => 'nova', p_limit => 3);

-- Why: which words of the question are in each, in how many memories these words are, and what lay beside it.
SELECT rank, left(content, 40) AS content,
       (SELECT string_agg((w ->> 'word') || ' in ' || (w ->> 'entries'), ', ') FROM jsonb_array_elements(words) AS w)
       AS words, jsonb_array_length(neighbours) AS neighbours
FROM explain_recall('Is staging green before we ship on Thursday?', p_agent => 'nova', p_limit => 3);

-- What only nova and iris remember, coder does not.
SELECT content FROM recall('buttons', p_agent => 'nova', p_limit => 1);
SET ROLE coder;
SELECT count(*) AS found FROM recall('buttons', p_limit => 100) WHERE content ILIKE '%buttons%';
RESET ROLE;
