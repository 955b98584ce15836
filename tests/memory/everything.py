"""Rows in every table of memory that an organisation can have any in."""

from __future__ import annotations

import json
from uuid import UUID

from tests.memory.embedding_support import Connection, claim, complete, done
from tests.memory.memories_support import call, link, remember, value
from tests.memory.raw_support import record
from tests.memory.raw_support import remember as remember_raw


def fill_memory(conn: Connection, agent: str, user: str, text: str) -> None:
    """In the organisation of the connection, an administrator's; every text is `text` and a word more.

    One month is in the archive already, one has no partition.
    """
    raw = {
        at: remember_raw(conn, f"{text} {at or 'now'}", agent, session=text, created_at=at, idempotency_key=f"raw {at}")
        for at in (None, "2020-01-05", "2099-01-05")
    }
    for memory in raw.values():
        record(conn, memory, "said", text)
    conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in ("event_memories", "raw_memories"):
        value(conn, "SELECT agentry.ensure_partitions(%s)", f"agentry_memory.{table}")
        value(conn, "SELECT agentry.retire_partitions(%s)", f"agentry_memory.{table}")
        conn.execute("SELECT agentry_memory._release_memories(a.part)"
                     " FROM agentry_memory._archive_of('agentry_memory.event_memories') AS a (part)")
    remember_raw(conn, f"{text} of the user", user=user)

    memories: list[UUID] = [
        remember(conn, agent, f"{text} {word}", tags=[text], session=text, related_users=[user],
                 scope=scope, idempotency_key=word)
        for word, scope in (("one", "agent"), ("two", "user"), ("three", "team"), ("four", "organisation"))
    ]  # fmt: skip
    link(conn, memories[0], "supports", memories[1], agent, note=text)
    link(conn, memories[0], "derived_from", raw[None], agent, to_kind="raw_memory", note=text)
    call(conn, "mark_recalled", source="memory", ids=[str(memory) for memory in memories], agent=agent)
    call(conn, "set_memory_settings", agent=agent, reflection_threshold=7)
    call(conn, "record_reflection", agent=agent, text=f"{text} reflected", evidence=memories[:2])
    call(conn, "record_metacognition", agent=agent, performance_evaluation=f"{text} judged")

    view = call(conn, "derive_view", agent=agent, hypothesis=f"{text} supposed", evidence=memories[2:])[0]
    call(conn, "promote_view", view=view["derive_view"], name=f"{text} held", force=True)
    call(conn, "derive_view", agent=agent, hypothesis=f"{text} doubted", scope="team", idempotency_key=text)
    call(conn, "consolidate", agent=agent, type="summarize", memories=memories[:2], content=f"{text} in short",
         keep=False)  # fmt: skip

    value(conn, "SELECT agentry_memory.register_embedding_model('tiny', 3)")
    value(conn, "SELECT agentry_memory.use_embedding_model('tiny')")
    assert complete(conn, done(claim(conn, model="tiny", limit=4))) == 4
    assert value(
        conn, "SELECT sum(agentry_memory._fold_changes(o.org_id, o.owner_id, 1)) FROM (SELECT DISTINCT org_id, owner_id"
        " FROM agentry_memory.memory_changes WHERE org_id = agentry.current_org_id()) AS o"
    ) > 0  # fmt: skip
    value(conn, "SELECT agentry_memory.remember_all(%s)", json.dumps([{"agent": agent, "content": f"{text} at last"}]))
