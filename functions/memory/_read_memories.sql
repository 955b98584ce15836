-- _read_memories(memories) -> n, agent, content, memory_type, ...: a batch as rows, in its order
CREATE OR REPLACE FUNCTION agentry_memory._read_memories(p_memories jsonb)
RETURNS TABLE (
    n                   bigint,
    agent               text,
    content             jsonb,
    memory_type         text,
    importance          real,
    emotional_relevance real,
    tags                text[],
    related_agents      text[],
    related_users       text[],
    location            text,
    session             text,
    session_order       bigint,
    occurred_at         timestamptz,
    expires_at          timestamptz,
    pinned              boolean,
    decay_rate          real,
    scope               text,
    metadata            jsonb,
    source_kind         text,
    source_id           text,
    idempotency_key     text
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_read_memories$
    SELECT m.n,
           m.value ->> 'agent',
           CASE WHEN jsonb_typeof(m.value -> 'content') = 'string'
                THEN agentry_memory._memory_content(t.memory_type, m.value ->> 'content')
                ELSE m.value -> 'content' END,
           t.memory_type,
           coalesce((m.value ->> 'importance')::real, 0.5),
           (m.value ->> 'emotional_relevance')::real,
           agentry_memory._texts(m.value -> 'tags'),
           agentry_memory._texts(m.value -> 'related_agents'),
           agentry_memory._texts(m.value -> 'related_users'),
           m.value ->> 'location',
           m.value ->> 'session',
           (m.value ->> 'session_order')::bigint,
           coalesce((m.value ->> 'occurred_at')::timestamptz, now()),
           (m.value ->> 'expires_at')::timestamptz,
           coalesce((m.value ->> 'pinned')::boolean, false),
           coalesce((m.value ->> 'decay_rate')::real, 0.1),
           coalesce(m.value ->> 'scope', 'agent'),
           coalesce(nullif(m.value -> 'metadata', 'null'), '{}'),
           m.value ->> 'source_kind',
           m.value ->> 'source_id',
           m.value ->> 'idempotency_key'
    FROM jsonb_array_elements(p_memories) WITH ORDINALITY AS m (value, n)
    CROSS JOIN LATERAL (SELECT coalesce(m.value ->> 'memory_type', 'episodic')) AS t (memory_type)
$_read_memories$;

COMMENT ON FUNCTION agentry_memory._read_memories(jsonb) IS 'A batch of memories as rows, n from 1.';
