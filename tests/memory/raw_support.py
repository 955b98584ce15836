"""Raw memories and events from Python."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from psycopg import sql

from tests.core.support import Connection, one

RAW, EVENT = "agentry_memory.raw_memories", "agentry_memory.event_memories"


def call(conn: Connection, function: str, *args: Any, **named: Any) -> Any:
    """What a function of agentry_memory returns; arguments by name less p_."""
    parts = [sql.SQL("%s")] * len(args) + [
        sql.SQL("{} => {}").format(sql.Identifier(f"p_{name}"), sql.SQL("%s")) for name in named
    ]
    given = [json.dumps(value) if isinstance(value, (dict, list)) else value for value in (*args, *named.values())]
    query = sql.SQL("SELECT agentry_memory.{}({})").format(sql.Identifier(function), sql.SQL(", ").join(parts))
    row = conn.execute(query, given).fetchone()
    return row[0] if row else None


def remember(conn: Connection, content: str | None = None, agent: str | None = None, **more: Any) -> UUID:
    found: UUID = call(conn, "remember_raw", content=content, agent=agent, **more)
    return found


def record(conn: Connection, memory: UUID | None, action: str | None = "eat", target: str | None = "apple",
           **more: Any) -> UUID:  # fmt: skip
    found: UUID = call(conn, "record_event", memory, action, target, **more)
    return found


def raw(conn: Connection, memory: UUID, columns: str = "*") -> Any:
    """The row, from the archive too, as a dict."""
    return one(
        conn, f"SELECT to_jsonb(r) FROM (SELECT {columns} FROM agentry_memory.v_raw_memories_all"
        " WHERE memory_id = %s) AS r", memory
    )  # fmt: skip


def texts(conn: Connection) -> list[str]:
    """What the caller reads, in order."""
    rows = conn.execute(f"SELECT content FROM {RAW} ORDER BY content".encode()).fetchall()
    return [row[0] for row in rows]


def facts(conn: Connection, memory: UUID) -> list[tuple[int, str]]:
    """Ordinal and text of the events of a memory, from the archive too."""
    return conn.execute(
        "SELECT ordinal, concat_ws(' ', actor, action, trim_scale(quantity), unit, target)"
        " FROM agentry_memory.v_event_memories_all WHERE memory_id = %s ORDER BY ordinal",
        [memory],
    ).fetchall()


def keys(conn: Connection) -> list[tuple[Any, ...]]:
    """The places that are taken."""
    return conn.execute(
        'SELECT memory_id, ordinal, event_id, "timestamp" FROM agentry_memory.event_memory_keys ORDER BY 1, 2'
    ).fetchall()


def places(conn: Connection) -> list[tuple[Any, ...]]:
    """The places of the events that are there, in the archive too; as keys()."""
    return conn.execute(
        'SELECT memory_id, ordinal, event_id, "timestamp" FROM agentry_memory.v_event_memories_all ORDER BY 1, 2'
    ).fetchall()


def indexed(conn: Connection) -> set[str]:
    """The texts that recall() searches."""
    return {row[0] for row in conn.execute("SELECT content FROM agentry_memory.memory_entries").fetchall()}


def retire(conn: Connection, *tables: str) -> list[str]:
    """Drains, retires and releases as maintenance does; returns what went."""
    gone: list[str] = []
    for table in tables or (EVENT, RAW):
        one(conn, "SELECT agentry.ensure_partitions(%s)", table)
        gone += one(conn, "SELECT agentry.retire_partitions(%s)", table)
        conn.execute(
            "SELECT agentry_memory._release_memories(a.part)"
            " FROM agentry_memory._archive_of('agentry_memory.event_memories') AS a (part)"
        )
    return gone
