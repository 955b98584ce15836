"""Calls of memory from Python, and a small town with its roles."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[Any]

TYPES = (
    "episodic", "semantic", "procedural", "working", "observation", "reflection", "plan", "metacognition",
)  # fmt: skip


def value(conn: Connection, query: str, *args: Any) -> Any:
    """The first column of the first row."""
    row = conn.execute(query.encode(), args or None).fetchone()
    return row[0] if row else None


def rows(conn: Connection, query: str, *args: Any) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), args or None).fetchall()


def call(conn: Connection, function: str, **arguments: Any) -> list[dict[str, Any]]:
    """Rows of a function of agentry_memory; arguments by name, less p_; a dict is a JSON object."""
    named = sql.SQL(", ").join(
        sql.SQL("{} => {}").format(sql.Identifier(f"p_{name}"), sql.Placeholder(name)) for name in arguments
    )
    query = sql.SQL("SELECT * FROM agentry_memory.{}({})").format(sql.Identifier(function), named)
    given = {name: Jsonb(one) if isinstance(one, dict) else one for name, one in arguments.items()}
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, given).fetchall()


def remember(conn: Connection, agent: str | None, content: Any, memory_type: str = "episodic", **more: Any) -> UUID:
    found = call(conn, "remember", agent=agent, content=content, memory_type=memory_type, **more)
    memory_id: UUID = found[0]["remember"]
    return memory_id


def remember_all(conn: Connection, memories: Any) -> list[UUID]:
    found: list[UUID] = value(conn, "SELECT agentry_memory.remember_all(%s)", Jsonb(memories))
    return found


def memory(conn: Connection, memory_id: UUID) -> dict[str, Any]:
    return rows(conn, "SELECT * FROM agentry_memory.agent_memories WHERE id = %s", memory_id)[0]


def link(
    conn: Connection, from_id: UUID, relation: str | None, to_id: UUID | None, agent: str | None = None, **more: Any
) -> bool:
    found = call(conn, "link_memories", agent=agent, from_id=from_id, relation=relation, to_id=to_id, **more)
    return bool(found[0]["link_memories"])


def links(conn: Connection) -> set[tuple[str, UUID, str, str, UUID]]:
    return {
        tuple(row.values())  # type: ignore[misc]
        for row in rows(conn, "SELECT from_kind, from_id, relation, to_kind, to_id FROM agentry_memory.memory_links")
    }


def entry(conn: Connection, memory_id: UUID) -> dict[str, Any] | None:
    """What the semantic index has of a memory."""
    found = rows(
        conn,
        "SELECT e.* FROM agentry_memory.memory_entries AS e"
        " JOIN agentry_memory.memory_sources AS s ON s.source_id = e.source_id AND s.name = 'memory'"
        " WHERE e.row_id = %s",
        str(memory_id),
    )
    return found[0] if found else None


def counted(conn: Connection, agent: str) -> tuple[float, int]:
    """Importance since the last reflection, and of how many memories."""
    row = rows(
        conn,
        "SELECT coalesce(sum(w.importance), 0) AS importance, coalesce(sum(w.memories), 0) AS memories"
        " FROM agentry_memory.memory_importance AS w JOIN agentry.agents AS a ON a.id = w.agent_id"
        " WHERE a.name = %s",
        agent,
    )[0]
    return float(row["importance"]), int(row["memories"])
