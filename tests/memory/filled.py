"""Rows in every table of memory that an organisation can have any in, for tests of what must not be left or seen."""

from __future__ import annotations

from typing import Any

import psycopg

Connection = psycopg.Connection[Any]

# in the organisation that the connection acts in, of its agent nova
STATEMENTS = (
    "SELECT agentry_memory.register_embedding_model('tiny', 3), agentry_memory.use_embedding_model('tiny')",
    "SELECT agentry_memory.remember('nova', t, p_session => 'first', p_tags => '{tea}', p_scope => 'organisation')"
    " FROM unnest(ARRAY['tea in ' || %(label)s, 'more tea in ' || %(label)s, 'no tea in ' || %(label)s]) AS t",
    # the counts of words are folded, and others come on top
    "SELECT agentry_memory._fold_changes(org_id, owner_id, 1)"
    " FROM (SELECT DISTINCT org_id, owner_id FROM agentry_memory.memory_changes"
    "       WHERE org_id = agentry.current_org_id()) AS c",
    "SELECT agentry_memory.record_reflection('nova', 'much tea in ' || %(label)s, '{}', array_agg(id)),"
    " agentry_memory.mark_recalled('memory', array_agg(id::text)), agentry_memory.set_memory_settings('nova', 7.5)"
    " FROM agentry_memory.agent_memories WHERE session = 'first' AND org_id = agentry.current_org_id()",
    "SELECT agentry_memory.record_event(agentry_memory.remember_raw('raw in ' || %(label)s, 'nova',"
    " p_idempotency_key => 'raw'), 'eat', 'apple')",
    "SELECT agentry_memory.promote_view(agentry_memory.derive_view('nova', 'a view in ' || %(label)s, array_agg(id)),"
    " 'Tea', p_force => true)"
    " FROM agentry_memory.agent_memories WHERE session = 'first' AND org_id = agentry.current_org_id()",
    "SELECT agentry_memory.consolidate('nova', 'summarize', array_agg(id), 'tea, all in all, in ' || %(label)s)"
    " FROM agentry_memory.agent_memories WHERE session = 'first' AND org_id = agentry.current_org_id()",
    "SELECT agentry_memory.complete_embeddings(jsonb_build_array(jsonb_build_object("
    "'entry_id', entry_id, 'token', token, 'embedding', '[1, 2, 3]'))) FROM agentry_memory.claim_embeddings('tiny', 1)",
)


def fill(conn: Connection, label: str) -> None:
    for statement in STATEMENTS:
        conn.execute(statement.encode(), {"label": label})
